"""The texts of the PDF report in each language. A code without a text is printed in English, as in the report."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """Languages of the PDF report."""

    ENGLISH = "en"
    RUSSIAN = "ru"


@dataclass(frozen=True)
class PdfTexts:
    """The texts of one language; the keys of the mappings are the report's codes and names."""

    title: str
    patient: str
    pseudonym: str
    file: str
    study: str
    scan: str
    reported: str
    verdicts: Mapping[str, str]
    probability: str
    operating_point: str
    sensitivity: str
    specificity: str
    not_measured: str
    interval: str
    interval_unknown: str
    measured_on: str
    composed: str
    site: str
    volumes: str
    coverage: str
    lungs: Mapping[str, str]
    lung_line: str
    no_lung: str
    unseen: str
    complete: str
    incomplete: str
    reason: str
    errors: Mapping[str, str]
    key_slice: str
    key_slice_of_expert: str
    expert: str
    expert_place: str
    no_picture: str
    location: str
    findings: str
    findings_help: str
    finding_names: Mapping[str, str]
    finding_statuses: Mapping[str, str]
    not_determined: str
    also_present: str
    also_absent: str
    not_assessed: str
    older_findings: str
    series: str
    slices: str
    reasons: Mapping[str, str]
    warnings: str
    model: str
    analysis: str
    notices: Mapping[str, str]

    def finding(self, name: str) -> str:
        """The name of a finding in this language."""
        return self.finding_names.get(name, name)

    def why(self, reason: str, explanation: str) -> str:
        """Why a series was chosen or not."""
        return self.reasons.get(reason, explanation)

    def why_not_analysed(self, code: str, detail: str) -> str:
        """The code, what it means and what to do in this language, and the English detail."""
        return " ".join(filter(None, [f"{code}:", self.errors.get(code), detail]))

    def fault(self, code: str, detail: str) -> str:
        """What is missing in the coverage; without a text in this language, the English detail."""
        return self.errors.get(code, detail)

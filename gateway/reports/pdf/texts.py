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
    reason: str
    key_slice: str
    no_picture: str
    location: str
    findings: str
    findings_help: str
    finding_names: Mapping[str, str]
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

"""What a page says, in each of its languages. What has no word here is said in English, as the report has it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """Languages of a page."""

    ENGLISH = "en"
    RUSSIAN = "ru"


@dataclass(frozen=True)
class Words:
    """The texts of one language; the mappings are by the report's own codes and names."""

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
        """A finding's name."""
        return self.finding_names.get(name, name)

    def why(self, reason: str, explanation: str) -> str:
        """Why a series was taken or not."""
        return self.reasons.get(reason, explanation)

"""What is looked for in an archive, and whether an answer fits it."""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from screening.dicom.slice_header import is_uid

MOST: Final = 20_000  # matches of one query
WILDCARDS: Final = frozenset("*?")


@dataclass(frozen=True)
class StudyQuery:
    """Studies that fit all that is given. `patient_id` is compared to the letter, not as a pattern.

    `modality` is one of the study's; `body_part` is that of one of its series of this modality. Dates are the study's,
    both included. Raises ValueError for a UID that is none, and for a period that ends before it begins.
    """

    since: date | None = None
    until: date | None = None
    modality: str | None = None
    body_part: str | None = None
    accession_number: str | None = field(default=None, repr=False)
    patient_id: str | None = field(default=None, repr=False)
    study_uids: tuple[str, ...] = ()
    most: int = MOST

    def __post_init__(self) -> None:
        if wrong := [uid for uid in self.study_uids if not is_uid(uid)]:
            raise ValueError(
                f"{len(wrong)} of {len(self.study_uids)} are no UIDs (PS3.5 9.1: digits and dots, at most 64)"
            )
        if self.since and self.until and self.until < self.since:
            raise ValueError("the period ends before it begins")
        if any(
            "\\" in (text or "") for text in (self.modality, self.body_part, self.accession_number, self.patient_id)
        ):
            raise ValueError("a backslash separates values in DICOM, and is in none")

    @property
    def dates(self) -> str:
        """The period as a range of DICOM (PS3.4 C.2.2.2.5), "" for any date."""
        if self.since is None and self.until is None:
            return ""
        return f"{_day(self.since)}-{_day(self.until)}"


@dataclass(frozen=True)
class FoundSeries:
    """A series of a study, as the archive describes it; `instances` is None when it does not say how many."""

    series_uid: str
    modality: str = ""
    body_part: str = ""
    station: str = ""
    description: str = field(default="", repr=False)
    instances: int | None = None


@dataclass(frozen=True)
class FoundStudy:
    """A study, as the archive describes it; what identifies or describes the patient is in no log."""

    study_uid: str
    study_date: date | None = None
    modalities: frozenset[str] = frozenset()
    instances: int | None = None
    accession_number: str = field(default="", repr=False)
    description: str = field(default="", repr=False)
    patient_id: str = field(default="", repr=False)
    issuer: str = field(default="", repr=False)
    birth_date: date | None = field(default=None, repr=False)

    def fits(self, query: StudyQuery) -> bool:
        """Whether nothing that the archive says contradicts the query: some archives ignore keys that they lack.

        What it does not say is taken as fitting, except for the patient: a Patient ID with `*` would be a pattern.
        """
        return (
            (not query.study_uids or self.study_uid in query.study_uids)
            and (query.modality is None or not self.modalities or query.modality in self.modalities)
            and (query.patient_id is None or self.patient_id == query.patient_id)
            and self._in_period(query)
            and self._has_accession_number(query.accession_number)
        )

    def _in_period(self, query: StudyQuery) -> bool:
        day = self.study_date
        return day is None or ((query.since or day) <= day <= (query.until or day))

    def _has_accession_number(self, wanted: str | None) -> bool:
        return wanted is None or bool(WILDCARDS & set(wanted)) or self.accession_number in ("", wanted)


def _day(day: date | None) -> str:
    return "" if day is None else f"{day:%Y%m%d}"

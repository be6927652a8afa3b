"""What is known of a study when it is complete, and what is done with it."""

from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.database.tables.scan_origins import Source


@dataclass(frozen=True)
class StudyAttributes:
    """What a rule can ask about a study; descriptions may name a patient, so they are in no log.

    What is absent is empty, or None; among the values of several series "" stands for a series without one. `age_years`
    is the patient's age at the study (PatientAge, else from PatientBirthDate and StudyDate).
    """

    source: Source
    sender: str  # AE title, or the account that sent it by STOW-RS, or the archive's name
    modalities: frozenset[str]
    body_parts: frozenset[str] = frozenset()
    stations: frozenset[str] = frozenset()
    study_description: str = field(default="", repr=False)
    series_descriptions: tuple[str, ...] = field(default=(), repr=False)
    age_years: float | None = None


class SeriesAttributes(NamedTuple):
    """What a series, or one of its instances, says; "" where it says nothing."""

    modality: str
    body_part: str
    station: str
    description: str


@dataclass(frozen=True)
class Decision:
    """`destinations` are names: None is every destination that results go to by default, and an empty tuple is nowhere.

    Not `certain`: the rule might not fit, but the study lacks the attribute that would say so, and a later rule would
    not have screened it.
    """

    screen: bool
    urgent: bool = False
    destinations: tuple[str, ...] | None = None
    rule: str | None = None  # the name of the rule that decided; None: no rule
    certain: bool = True

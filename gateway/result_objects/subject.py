"""Whom a FHIR result is about."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Subject:
    """The patient of the record: its id, and the name or pseudonym that the reader may see."""

    patient_id: str
    display: str

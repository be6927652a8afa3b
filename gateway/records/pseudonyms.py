"""Patients and scans as their asker may see them: without the right to names, pseudonyms stand in their place."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.database.tables import PatientRow, ScanRow
from gateway.principal import Principal
from gateway.records.store.patients import Screened
from gateway.records.store.scans import Progress


@dataclass(frozen=True)
class Name:
    """What a patient is called: by both names, or by the pseudonym in place of the last one."""

    first_name: str
    last_name: str
    pseudonymised: bool

    @classmethod
    def of(cls, patient: PatientRow, principal: Principal) -> "Name":
        if principal.sees_names:
            return cls(patient.first_name, patient.last_name, False)
        return cls("", patient.pseudonym, True)


@dataclass(frozen=True)
class PatientView:
    """A patient with what is known of the scans."""

    id: UUID
    name: Name
    description: str | None
    version: int
    created_at: datetime
    updated_at: datetime
    screened: Screened

    @classmethod
    def of(cls, row: PatientRow, screened: Screened, principal: Principal) -> "PatientView":
        return cls(
            id=row.id,
            name=Name.of(row, principal),
            description=row.description if principal.sees_names else None,
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
            screened=screened,
        )


@dataclass(frozen=True)
class ScanView:
    """A scan with its patient's name, its file's size and its progress; `row` is for what names nobody."""

    row: ScanRow
    patient: Name
    description: str | None
    file_name: str | None
    file_size: int
    progress: Progress | None

    @classmethod
    def of(cls, row: ScanRow, progress: Progress | None, principal: Principal) -> "ScanView":
        return cls(
            row=row,
            patient=Name.of(row.patient, principal),
            description=row.description if principal.sees_names else None,
            file_name=row.file_name if principal.sees_names else None,
            file_size=row.blob.size,
            progress=progress,
        )

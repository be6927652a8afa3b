"""Patients and scans as a principal may see them: without the scope `names.read`, pseudonyms replace names."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.database.tables import PatientRow, ScanRow
from gateway.principal import Principal
from gateway.records.store.patients import ScanSummary
from gateway.records.store.scan_network import ScanNetwork
from gateway.records.store.scans import AnalysisProgress


@dataclass(frozen=True)
class VisibleName:
    """A patient's name as shown: first and last name, or the pseudonym as last name."""

    first_name: str
    last_name: str
    pseudonymised: bool

    @classmethod
    def for_principal(cls, patient: PatientRow, principal: Principal) -> "VisibleName":
        if principal.sees_names:
            return cls(patient.first_name, patient.last_name, False)
        return cls("", patient.pseudonym, True)


@dataclass(frozen=True)
class PatientView:
    """A patient with a summary of the scans."""

    id: UUID
    name: VisibleName
    description: str | None
    version: int
    created_at: datetime
    updated_at: datetime
    scan_summary: ScanSummary

    @classmethod
    def for_principal(cls, row: PatientRow, scan_summary: ScanSummary, principal: Principal) -> "PatientView":
        return cls(
            id=row.id,
            name=VisibleName.for_principal(row, principal),
            description=row.description if principal.sees_names else None,
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
            scan_summary=scan_summary,
        )


@dataclass(frozen=True)
class ScanView:
    """A scan with its patient's name, its file's size, progress and network; `row` for fields without names."""

    row: ScanRow
    patient: VisibleName
    description: str | None
    file_name: str | None
    file_size: int
    progress: AnalysisProgress | None
    network: ScanNetwork

    @classmethod
    def for_principal(
        cls, row: ScanRow, progress: AnalysisProgress | None, network: ScanNetwork, principal: Principal
    ) -> "ScanView":
        return cls(
            row=row,
            patient=VisibleName.for_principal(row.patient, principal),
            description=row.description if principal.sees_names else None,
            file_name=row.file_name if principal.sees_names else None,
            file_size=row.blob.size,
            progress=progress,
            network=network,
        )

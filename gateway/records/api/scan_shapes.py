"""The JSON shape of a scan."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from gateway.database.tables.scan_origins import Source
from gateway.records.pseudonyms import ScanView
from gateway.records.store.scan_network import Delivered

Status = Literal["received", "queued", "running", "done", "failed", "cancelled"]
Verdict = Literal["normal", "pathology", "not_analysed"]


class PatientName(BaseModel):
    """The name of the scan's patient; without the scope names.read a pseudonym."""

    model_config = ConfigDict(from_attributes=True)

    first_name: str
    last_name: str
    pseudonymised: bool


class ScanProgress(BaseModel):
    """The progress of the unfinished analysis."""

    model_config = ConfigDict(from_attributes=True)

    stage: str | None
    slices_done: int
    slices_total: int


class ScanOrigin(BaseModel):
    """Where a scan came from on the hospital's network: `sender` is an AE title, an account or an archive."""

    model_config = ConfigDict(from_attributes=True)

    source: Source
    sender: str


class ScanCounts(BaseModel):
    """Numbers of scans in the same list without the filters on status and verdict."""

    all: int
    pathology: int
    not_analysed: int
    normal: int
    in_work: int
    unscreened: int


class Scan(BaseModel):
    """A patient's upload, with the result of its newest analysis."""

    id: UUID
    patient_id: UUID
    patient: PatientName
    description: str | None
    file_name: str | None = Field(description="As the client sent it; null without the scope names.read.")
    file_size: int = Field(description="Bytes.")
    sha256: str
    study_uid: str | None
    status: Status
    urgent: bool
    verdict: Verdict | None
    probability_of_pathology: float | None = Field(description="Calibrated; null when not analysed, never 0.")
    most_dangerous_pathology_type: str | None
    error: str | None = Field(description="Stable code of the reason why it was not analysed.")
    analysis_id: UUID | None
    progress: ScanProgress | None = Field(description="Set while an analysis waits or runs.")
    origin: ScanOrigin | None = Field(description="Null for an upload.")
    delivery: Delivered | None = Field(description="Of the newest analysis' result; null when it goes nowhere.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def from_view(cls, view: ScanView) -> Self:
        row = view.row
        return cls.model_validate(
            {
                "id": row.id,
                "patient_id": row.patient_id,
                "patient": view.patient,
                "description": view.description,
                "file_name": view.file_name,
                "file_size": view.file_size,
                "sha256": row.sha256,
                "study_uid": row.study_uid,
                "status": row.status,
                "urgent": row.urgent,
                "verdict": row.verdict,
                "probability_of_pathology": row.probability,
                "most_dangerous_pathology_type": row.finding,
                "error": row.error,
                "analysis_id": row.analysis_id,
                "progress": view.progress,
                "origin": view.network if view.network.source else None,
                "delivery": view.network.delivered,
                "created_at": row.created_at,
                "updated_at": row.updated_at,
            }
        )

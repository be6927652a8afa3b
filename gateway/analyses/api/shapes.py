"""Request and response bodies of analyses and attempts."""

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from gateway.analyses.requests import AnalysisStatus
from gateway.database.tables import AttemptRow
from gateway.database.tables.analyses import AnalysisState
from gateway.errors import GatewayError
from gateway.screening.progress import Stage


class Analysis(BaseModel):
    """One request to screen a scan, with its state and progress."""

    model_config = ConfigDict(from_attributes=True, protected_namespaces=())

    id: UUID
    scan_id: UUID
    state: AnalysisState
    stage: Stage | None = Field(description="The current stage; null unless it runs.")
    slices_done: int = Field(description="Slices that the networks have screened.")
    slices_total: int = Field(description="Slices that they will screen; 0 until it is known.")
    urgent: bool
    attempt: int = Field(description="Which attempt this is; 0 before the first.")
    queue_position: int | None = Field(
        None,
        description="Position in the queue, from 1, or earlier by fair order; null unless queued.",
    )
    cancel_requested: bool
    model_card: str | None = Field(description="The version of the weights, from the first attempt on.")
    error: str | None = Field(description="Stable code of why it failed.")
    detail: str | None = Field(description="Why it failed, as a text.")
    queued_at: datetime
    started_at: datetime | None = Field(description="When the newest attempt began.")
    finished_at: datetime | None

    @classmethod
    def of(cls, status: AnalysisStatus) -> Self:
        return cls.model_validate(status.row).model_copy(update={"queue_position": status.queue_position})


class Attempt(BaseModel):
    """One attempt of a worker. `error` says why it ended without a report: a study's error, worker_lost, handed_back.

    worker_lost: its worker stopped sending heartbeats; handed_back: its worker shut down and released the job.
    """

    model_config = ConfigDict(from_attributes=True, protected_namespaces=())

    number: int
    model_card: str | None
    started_at: datetime
    finished_at: datetime | None
    error: str | None
    detail: str | None
    timings: dict[str, Any] | None = Field(description="Seconds of each stage, by the study's UID.")


class AnalysisWithAttempts(Analysis):
    """An analysis and its attempts, oldest first."""

    attempts: list[Attempt]

    @classmethod
    def with_attempts(cls, status: AnalysisStatus, attempts: list[AttemptRow]) -> Self:
        return cls(**Analysis.of(status).model_dump(), attempts=[Attempt.model_validate(one) for one in attempts])


class AnalysisList(BaseModel):
    """All analyses of a scan, newest first."""

    items: list[AnalysisWithAttempts]


class BulkAnalysisRequest(BaseModel):
    """Scans to analyse."""

    ids: list[UUID] = Field(min_length=1, max_length=100)
    urgent: bool = False


class RefusedAnalysis(BaseModel):
    """A scan that cannot be analysed."""

    scan_id: UUID
    error: Literal["not_found"]
    detail: str


class BulkAnalysisResponse(BaseModel):
    """For each scan, in order, its analysis or the error."""

    items: list[Analysis | RefusedAnalysis]

    @classmethod
    def of(cls, answers: list[tuple[UUID, AnalysisStatus | GatewayError]]) -> Self:
        return cls(items=[_answer(scan_id, answer) for scan_id, answer in answers])


def _answer(scan_id: UUID, answer: AnalysisStatus | GatewayError) -> Analysis | RefusedAnalysis:
    if isinstance(answer, AnalysisStatus):
        return Analysis.of(answer)
    return RefusedAnalysis(scan_id=scan_id, error="not_found", detail=answer.detail)

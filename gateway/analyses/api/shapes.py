"""The shapes of analyses and of the attempts at them."""

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from gateway.analyses.requests import Seen
from gateway.database.tables import AttemptRow
from gateway.database.tables.work import AnalysisState
from gateway.errors import GatewayError
from gateway.screening.progress import Stage


class Analysis(BaseModel):
    """One request to screen a scan, and how far it is."""

    model_config = ConfigDict(from_attributes=True, protected_namespaces=())

    id: UUID
    scan_id: UUID
    state: AnalysisState
    stage: Stage | None = Field(description="What is done now; null while it waits.")
    slices_done: int = Field(description="Slices that the networks have seen.")
    slices_total: int = Field(description="Slices that they will see; 0 until it is known.")
    urgent: bool
    attempt: int = Field(description="Which attempt this is; 0 before the first.")
    queue_position: int | None = Field(None, description="Place in the queue, from 1; null unless it waits.")
    cancel_requested: bool
    model_card: str | None = Field(description="The version of the weights, from the first attempt on.")
    error: str | None = Field(description="Stable code of why it failed.")
    detail: str | None = Field(description="The same in words.")
    queued_at: datetime
    started_at: datetime | None = Field(description="When the newest attempt began.")
    finished_at: datetime | None

    @classmethod
    def of(cls, seen: Seen) -> Self:
        return cls.model_validate(seen.row).model_copy(update={"queue_position": seen.queue_position})


class Attempt(BaseModel):
    """One worker's try. `error` tells why it did not end in a report: a study's error, worker_lost or handed_back."""

    model_config = ConfigDict(from_attributes=True, protected_namespaces=())

    number: int
    model_card: str | None
    started_at: datetime
    finished_at: datetime | None
    error: str | None
    detail: str | None
    timings: dict[str, Any] | None = Field(description="Seconds of each stage, by the study's UID.")


class WithAttempts(Analysis):
    """An analysis and every attempt at it, oldest first."""

    attempts: list[Attempt]

    @classmethod
    def made_of(cls, seen: Seen, attempts: list[AttemptRow]) -> Self:
        return cls(**Analysis.of(seen).model_dump(), attempts=[Attempt.model_validate(one) for one in attempts])


class Analysed(BaseModel):
    """All analyses of a scan, newest first."""

    items: list[WithAttempts]


class Bulk(BaseModel):
    """Scans to analyse."""

    ids: list[UUID] = Field(min_length=1, max_length=100)
    urgent: bool = False


class Refused(BaseModel):
    """A scan that cannot be analysed."""

    scan_id: UUID
    error: Literal["not_found"]
    detail: str


class BulkAnswer(BaseModel):
    """For each scan, in order, its analysis or why there is none."""

    items: list[Analysis | Refused]

    @classmethod
    def of(cls, answers: list[tuple[UUID, Seen | GatewayError]]) -> Self:
        return cls(items=[_answer(scan_id, answer) for scan_id, answer in answers])


def _answer(scan_id: UUID, answer: Seen | GatewayError) -> Analysis | Refused:
    if isinstance(answer, Seen):
        return Analysis.of(answer)
    return Refused(scan_id=scan_id, error="not_found", detail=answer.detail)

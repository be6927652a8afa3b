"""GET /api/incoming-studies and /api/senders: what came from the network, and what became of it; for admins."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from gateway.database.paging import PageRange
from gateway.database.tables.scan_origins import Source
from gateway.http.authorization import LIST_RATE_LIMIT, Context, requires
from gateway.http.paging import Limit, Offset, Page
from gateway.pacs.receiving.incoming_list import IncomingList, IncomingState, state_of
from gateway.pacs.receiving.store.incoming_list import ListedStudy, SenderTraffic
from gateway.permissions import Scope
from gateway.principal import Principal
from gateway.records.api.scan_shapes import Status, Verdict

Admin = Annotated[Principal, requires(Scope.OPERATION_WRITE)]
FROM = Query(alias="from", description="What came since this time.")


class IncomingStudy(BaseModel):
    """A study from the network.

    `receiving`: its instances still come, or did so a moment ago; `delayed`: no scan could be made of it, and that is
    tried again at `retry_at`; `screened`, `not_screened`: what became of it. `rule` is the rule that decided; without
    one, a study that is not screened holds no CT.
    """

    id: UUID
    study_uid: str
    description: str | None = Field(description="Of the study; null without the scope names.read.")
    source: Source
    sender: str
    instances: int
    first_at: datetime
    last_at: datetime
    state: IncomingState
    retry_at: datetime | None
    version: int = Field(description="How many scans were made of it: late instances make another one.")
    rule: str | None
    scan_id: UUID | None
    scan_status: Status | None
    verdict: Verdict | None
    urgent: bool

    @classmethod
    def of(cls, listed: ListedStudy, principal: Principal) -> Self:
        """One line of the list, as the principal may see it."""
        study, scan = listed.study, listed.scan
        return cls.model_validate(
            {
                "id": study.id,
                "study_uid": study.study_uid,
                "description": study.description if principal.sees_names else None,
                "source": study.source,
                "sender": study.sender,
                "instances": listed.instances,
                "first_at": study.first_at,
                "last_at": study.last_at,
                "state": state_of(listed),
                "retry_at": study.retry_at,
                "version": study.version,
                "rule": listed.origin and listed.origin.rule,
                "scan_id": scan and scan.id,
                "scan_status": scan and scan.status,
                "verdict": scan and scan.verdict,
                "urgent": study.urgent or bool(scan and scan.urgent),
            }
        )


class SeenSender(BaseModel):
    """A sender, with the studies and instances that it sent since the moment asked for."""

    source: Source
    sender: str
    studies: int
    instances: int
    last_at: datetime

    @classmethod
    def of(cls, traffic: SenderTraffic) -> Self:
        """One line of the list."""
        return cls(**vars(traffic))


class RefusedSender(BaseModel):
    """A sender that was refused. `reason` is of an association or of an instance; both are in the documentation."""

    model_config = ConfigDict(from_attributes=True)

    source: Source
    sender: str = Field(description="As it named itself: anybody on the network can.")
    reason: str
    refusals: int = Field(description="Without a pause of a day.")
    last_at: datetime


class SenderList(BaseModel):
    """Every sender, and those that were refused since the moment asked for; the last one first."""

    items: list[SeenSender]
    refused: list[RefusedSender]


def incoming_router(incoming: IncomingList) -> APIRouter:
    """The resources `incoming-studies` and `senders`."""
    router = APIRouter(tags=["network"])

    @router.get(
        "/api/incoming-studies",
        dependencies=[LIST_RATE_LIMIT],
        summary="Studies from the network and what became of them, newest first",
    )
    async def studies(
        principal: Admin,
        context: Context,
        since: Annotated[AwareDatetime | None, FROM] = None,
        limit: Limit = 20,
        offset: Offset = 0,
    ) -> Page[IncomingStudy]:
        found, total = await incoming.page(principal, since, PageRange(limit, offset), context)
        items = [IncomingStudy.of(one, principal) for one in found]
        return Page(items=items, total=total, limit=limit, offset=offset)

    @router.get("/api/senders", summary="Who sent studies")
    async def senders(principal: Admin, since: Annotated[AwareDatetime, FROM]) -> SenderList:
        sent, refused = await incoming.senders(principal, since)
        return SenderList(
            items=[SeenSender.of(one) for one in sent],
            refused=[RefusedSender.model_validate(one) for one in refused],
        )

    return router

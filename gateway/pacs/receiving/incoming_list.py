"""What came from the network, for an admin: studies with what became of them, and their senders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.audit import audit_log
from gateway.database.connection import Database
from gateway.database.paging import PageRange
from gateway.database.tables import RefusedSenderRow
from gateway.pacs.receiving.store import incoming_list as rows
from gateway.pacs.receiving.store import refused_senders
from gateway.pacs.receiving.store.incoming_list import ListedStudy, SenderTraffic
from gateway.principal import Principal, RequestContext


class IncomingState(StrEnum):
    """`delayed`: complete, but no scan could be made of it, which is tried again."""

    RECEIVING = "receiving"
    DELAYED = "delayed"
    SCREENED = "screened"
    NOT_SCREENED = "not_screened"


def state_of(listed: ListedStudy) -> IncomingState:
    """The state; what a person has analysed by hand is screened, whatever the rules said."""
    if listed.waiting:
        return IncomingState.DELAYED if listed.study.failures else IncomingState.RECEIVING
    screened = listed.scan is not None and listed.scan.analysis_id is not None
    return IncomingState.SCREENED if screened else IncomingState.NOT_SCREENED


@dataclass(frozen=True)
class IncomingList:
    """Of the principal's institution."""

    database: Database

    async def page(
        self, principal: Principal, since: datetime | None, page_range: PageRange, context: RequestContext
    ) -> tuple[Sequence[ListedStudy], int]:
        """A page of the studies, the newest first, and their number."""
        async with self.database.transaction() as session:
            found, total = await rows.page(session, principal.institution, since, page_range)
            detail = {"ids": [str(one.study.id) for one in found]}
            await audit_log.record(session, principal, audit_log.Action.READ, "incoming_study", None, context, detail)
        return found, total

    async def senders(
        self, principal: Principal, since: datetime
    ) -> tuple[Sequence[SenderTraffic], Sequence[RefusedSenderRow]]:
        """Every sender with what it sent since then, and those that were refused since then; the last one first."""
        async with self.database.transaction() as session:
            sent = await rows.senders(session, principal.institution, since)
            return sent, await refused_senders.since(session, principal.institution, since)

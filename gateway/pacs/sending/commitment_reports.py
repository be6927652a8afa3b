"""Reports on storage commitment: on the association that asked, on another one, or none in time."""

from dataclasses import dataclass

import structlog

from gateway.database.connection import Database
from gateway.pacs.sending.faults import FaultCode
from gateway.pacs.sending.result_object import Commitment
from gateway.pacs.sending.retry_policy import delivery_pause_s
from gateway.pacs.sending.store import commitments

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class CommitmentReports:
    """What becomes of deliveries that were sent to an archive with storage commitment."""

    database: Database

    async def receive(self, report: Commitment) -> bool:
        """Store the report of an N-EVENT-REPORT; False when no delivery awaits this transaction.

        An archive that keeps fewer objects than it was asked for has not committed, whether it lists the rest or not.
        """
        async with self.database.transaction() as session:
            known = not report.lacking and await commitments.commit(session, report.transaction_uid, len(report.kept))
            if not known:
                row = await commitments.find(session, report.transaction_uid)
                known = row is not None
                if row is not None:
                    code = FaultCode.COMMITMENT_REFUSED
                    await commitments.send_again(session, row, code, delivery_pause_s(row.failures))
        log.info("storage commitment reported", known=known, kept=len(report.kept), lacking=len(report.lacking))
        return known

    async def give_up_overdue(self) -> None:
        """Send again what was sent to archives that did not report in time."""
        async with self.database.transaction() as session:
            for row in await commitments.overdue(session):
                code = FaultCode.COMMITMENT_MISSING
                await commitments.send_again(session, row, code, delivery_pause_s(row.failures))
                log.warning("no report on storage commitment", delivery=str(row.id))

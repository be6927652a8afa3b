"""One attempt at one delivery: write the objects, send them, and store what the archive answered."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import structlog
from pydicom.uid import generate_uid

from gateway.audit import audit_log
from gateway.audit.audit_log import Action, Detail, Outcome
from gateway.database.connection import AsyncSession, Database
from gateway.database.until_available import until_database_answers
from gateway.pacs.sending.faults import DestinationDown, Fault, FaultCode, Interrupted, fault
from gateway.pacs.sending.result_object import Sending
from gateway.pacs.sending.results import Results, sender_to
from gateway.pacs.sending.retry_policy import delivery_pause_s, destination_pause_s
from gateway.pacs.sending.store import delivery_leases as leases
from gateway.pacs.sending.store import destinations
from gateway.pacs.sending.store.delivery_leases import DeliveryLease
from gateway.pacs.sending.store_status import Answer
from gateway.pacs.sending.transport import Transports
from gateway.telemetry.metrics import Metrics

log = structlog.get_logger(__name__)

Write = Callable[[AsyncSession], Awaitable[bool]]


@dataclass(frozen=True)
class Deliveries:
    """Runs attempts; `commitment_s` are the seconds for a report on storage commitment."""

    database: Database
    transports: Transports
    results: Results
    metrics: Metrics
    commitment_s: float

    async def run(self, lease: DeliveryLease) -> None:
        """One attempt: afterwards the delivery is sent, or waits, or has failed. Cancelling it ends the association."""
        try:
            await self._run(lease)
        except DestinationDown as down:
            await self._leave_alone(lease, down.reason)
        except Interrupted as cut:
            await self._try_later(lease, cut.reason)
        except Exception:
            log.exception("the program failed on a delivery", delivery=str(lease.delivery_id))
            await self._try_later(lease, fault(FaultCode.NOT_WRITTEN_YET, "the program failed; its log has the reason"))

    async def release(self, lease: DeliveryLease) -> None:
        """Let another sender go on at once."""
        async with self.database.transaction() as session:
            await leases.wait(session, lease, None, 0.0, counts=False)

    async def _run(self, lease: DeliveryLease) -> None:
        transport = self.transports.to(lease.destination)
        if lease.probes:
            await transport.probe()
            await self._write(lambda session: destinations.mark_up(session, lease.destination.id))
        written = await self.results.of(lease)
        if not written.objects:
            await self._fail(lease, written.fault or fault(FaultCode.NOT_WRITTEN, "it has no object"), Sending(()))
            return
        transaction_uid = generate_uid(prefix=None) if lease.destination.storage_commitment else None
        begun = partial(leases.begin, lease=lease, objects=len(written.objects), transaction_uid=transaction_uid)
        if not await self._write(begun):
            return
        try:
            sending = await transport.send(written.objects, transaction_uid)
        except Interrupted as cut:  # the archive may have stored some
            await self._try_later(lease, cut.reason, Sending(()))
            return
        await self._end(lease, sending, written.fault, transaction_uid)

    async def _end(
        self, lease: DeliveryLease, sending: Sending, unwritten: Fault | None, transaction_uid: str | None
    ) -> None:
        if (later := sending.first_fault(Answer.LATER)) is not None:
            await self._try_later(lease, later, sending)
        elif (reason := sending.first_fault(Answer.REFUSED) or unwritten) is not None:
            await self._fail(lease, reason, sending)
        else:
            await self._succeed(lease, sending, transaction_uid)

    async def _succeed(self, lease: DeliveryLease, sending: Sending, transaction_uid: str | None) -> None:
        committed = sending.is_committed
        due_s = None if transaction_uid is None or committed else self.commitment_s

        async def write(session: AsyncSession) -> bool:
            await destinations.mark_up(session, lease.destination.id)
            if not await leases.sent(session, lease, sending.stored, due_s, committed=committed):
                return False
            await _record(session, lease, Outcome.SUCCESS, sending.stored)
            return True

        if await self._write(write):
            self.metrics.deliveries_ended.labels("sent", "none").inc()
            log.info("sent", delivery=str(lease.delivery_id), destination=str(lease.destination.id))

    async def _fail(self, lease: DeliveryLease, reason: Fault, sending: Sending) -> None:
        """It has failed for good, unless a person sends it again."""

        async def write(session: AsyncSession) -> bool:
            if not await leases.failed(session, lease, reason, sending.stored):
                return False
            if sending.answers:
                await _record(session, lease, Outcome.FAILURE, sending.stored)
            return True

        if await self._write(write):
            self.metrics.deliveries_ended.labels("failed", reason.code.value).inc()
            log.warning("not sent", delivery=str(lease.delivery_id), error=reason.code.value)

    async def _try_later(self, lease: DeliveryLease, reason: Fault, sending: Sending | None = None) -> None:
        """It waits for its next try, or has failed when that was the last one; `sending` unless nothing was sent."""
        pause_s = delivery_pause_s(lease.failures)
        if pause_s is None:
            await self._fail(lease, reason, sending or Sending(()))
            return

        async def write(session: AsyncSession) -> bool:
            stored = {} if sending is None else {"objects_stored": sending.stored}
            if not await leases.wait(session, lease, reason, pause_s, counts=True, **stored):
                return False
            if sending is not None:
                await _record(session, lease, Outcome.FAILURE, sending.stored)
            return True

        if await self._write(write):
            self.metrics.delivery_retries.labels(reason.code.value).inc()
            log.warning("sent again later", delivery=str(lease.delivery_id), error=reason.code.value)

    async def _leave_alone(self, lease: DeliveryLease, reason: Fault) -> None:
        """The destination takes nothing now: all of its deliveries wait, however long."""
        pause_s = destination_pause_s(lease.destination.failures)

        async def write(session: AsyncSession) -> bool:
            await destinations.mark_down(session, lease.destination.id, pause_s, reason.code, reason.detail)
            return await leases.wait(session, lease, reason, 0.0, counts=False)

        if await self._write(write):
            self.metrics.delivery_retries.labels(reason.code.value).inc()
            log.warning("a destination does not answer", destination=str(lease.destination.id), error=reason.code.value)

    async def _write(self, write: Write) -> bool:
        """Write in one transaction, as soon as PostgreSQL answers."""

        async def once() -> bool:
            async with self.database.transaction() as session:
                return await write(session)

        return await until_database_answers(once)


async def _record(session: AsyncSession, lease: DeliveryLease, outcome: Outcome, stored: int) -> None:
    """The audit event of a disclosure: a result went to a destination, wholly, in part or perhaps."""
    detail: Detail = {
        "scan": str(lease.scan_id),
        "analysis": str(lease.analysis_id),
        "destination": lease.destination.name,
        "stored": stored,
    }
    sender = sender_to(lease.destination)
    await audit_log.record(session, sender, Action.EXPORT, "delivery", lease.delivery_id, None, detail, outcome)

"""The receiver: an instance that was written to a draft file becomes a row and an object, or nothing is left of it.

The order makes a success certain: first the bytes are synced to the disk under a new key, then the row is committed. A
process that is killed in between leaves an object without a row, which `leftovers` deletes.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from gateway.database.connection import Database
from gateway.errors import QuotaExceeded
from gateway.pacs.receiving.arrival import Arrival, Sender, StudyLimits
from gateway.pacs.receiving.instance_header import InstanceHeader, digest_of_dataset, read_instance_header
from gateway.pacs.receiving.metrics import ReceivingMetrics
from gateway.pacs.receiving.refusals import Refusal, Refused, Status, status_of
from gateway.pacs.receiving.refused_senders import RefusedSenders
from gateway.pacs.receiving.store import arrivals
from gateway.pacs.receiving.store.arrivals import Added
from gateway.quotas.quotas import Quotas
from gateway.storage.blobs import Blobs
from gateway.storage.disk_reserve import DiskReserve
from screening.dicom.sop_classes import CT_IMAGES
from screening.intake.budgets import Budgets

log = structlog.get_logger(__name__)

_OUTCOMES: Final = {
    Added.FIRST_OF_STUDY: (Status.SUCCESS, "stored"),
    Added.ADDED: (Status.SUCCESS, "stored"),
    Added.THERE_ALREADY: (Status.SUCCESS, "there_already"),
    Added.KEPT_FIRST: (Status.KEPT_FIRST, "kept_first"),
}


@dataclass(frozen=True)
class Draft:
    """A received file on this machine, and what its request said of it: empty or None where it said nothing."""

    path: Path
    sop_class: str = ""
    sop_uid: str = ""
    study_uid: str = ""
    urgent: bool = False
    refusal: Exception | None = None  # why its bytes could not be written


@dataclass(frozen=True)
class Outcome:
    """The status of one instance; `header` is None when it could not be read."""

    status: Status
    code: str
    header: InstanceHeader | None = None

    @property
    def is_stored(self) -> bool:
        return self.status in (Status.SUCCESS, Status.KEPT_FIRST)


@dataclass(frozen=True)
class Receiver:
    """Receives instances of any sender."""

    database: Database
    blobs: Blobs
    reserve: DiskReserve
    quotas: Quotas
    limits: StudyLimits
    budgets: Budgets
    takes_others: bool
    metrics: ReceivingMetrics
    refused: RefusedSenders

    async def receive(self, draft: Draft, sender: Sender) -> Outcome:
        """Store the instance, once; its draft is gone afterwards. No exception: whatever fails has a status."""
        header: InstanceHeader | None = None
        try:
            header = await asyncio.to_thread(_header, draft, self.budgets)
            _check(header, draft, takes_others=self.takes_others)
            # An archive that sends on what it gets returns our results: stored, each would make another version of its
            # study, which is screened and has a result of its own, for ever.
            known = (Status.SUCCESS, "own_result") if header.is_result else None
            outcome = Outcome(*(known or _OUTCOMES[await self._store(draft, header, sender)]), header)
        except Exception as error:
            outcome = Outcome(*status_of(error), header)
            if outcome.status is Status.PROCESSING_FAILURE:
                log.exception("an instance could not be received")
        finally:
            await asyncio.to_thread(draft.path.unlink, missing_ok=True)
        self._tell(outcome, sender)
        return outcome

    async def _store(self, draft: Draft, header: InstanceHeader, sender: Sender) -> Added:
        self.reserve.check()
        size = draft.path.stat().st_size
        digest = await asyncio.to_thread(digest_of_dataset, draft.path, header)
        key = await self.blobs.keep_waiting(draft.path)
        added: Added | None = None
        try:
            arrival = Arrival(sender, header, key, digest, size, draft.urgent)
            async with self.database.transaction() as session:
                added = await arrivals.add(session, arrival, self.limits)
                if added in (Added.FIRST_OF_STUDY, Added.ADDED):
                    scans = int(added is Added.FIRST_OF_STUDY)
                    await self.quotas.count(session, sender.principal, scans, size)
        except (Refused, QuotaExceeded):
            await self.blobs.delete_waiting(key)
            raise
        if added in (Added.THERE_ALREADY, Added.KEPT_FIRST):
            await self.blobs.delete_waiting(key)
        else:
            self.metrics.bytes.labels(sender.source).inc(size)
        return added

    def _tell(self, outcome: Outcome, sender: Sender) -> None:
        self.metrics.instances.labels(sender.source, outcome.code).inc()
        if not outcome.is_stored:
            self.refused.note(sender, outcome.code)
        if outcome.status is not Status.SUCCESS:
            log.warning(
                "an instance was refused" if not outcome.is_stored else "an instance came again with other content",
                sender=sender.name,
                source=sender.source,
                status=f"{outcome.status:04X}",
                reason=outcome.code,
                study=outcome.header.study_uid if outcome.header else None,
            )


def _header(draft: Draft, budgets: Budgets) -> InstanceHeader:
    if draft.refusal is not None:
        raise draft.refusal
    return read_instance_header(draft.path, budgets)


def _check(header: InstanceHeader, draft: Draft, *, takes_others: bool) -> None:
    """Raise Refused unless the header is in accord with what the request says."""
    if header.sop_class != (draft.sop_class or header.sop_class):
        raise Refused(Refusal.OTHER_CLASS)
    if header.sop_uid != (draft.sop_uid or header.sop_uid):
        raise Refused(Refusal.OTHER_INSTANCE)
    if header.study_uid != (draft.study_uid or header.study_uid):
        raise Refused(Refusal.OTHER_STUDY)
    if not takes_others and header.sop_class not in CT_IMAGES:
        raise Refused(Refusal.CLASS_REFUSED)

"""The DICOM listener: a Verification and Storage SCP (PS3.4 A, B), whose requests the receiver answers.

It also takes the reports of archives on storage commitment (PS3.4 J.3.3), which come on associations of their own.

Associations live in threads of pynetdicom; what they receive is stored on the event loop of the process.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import CancelledError
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final, NamedTuple

import structlog
from pydicom.dataset import Dataset
from pynetdicom import AE, _config, evt
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.events import Event

from gateway.errors import GatewayError
from gateway.pacs.receiving.arrival import Sender
from gateway.pacs.receiving.connections import REJECTED_AT_ONCE, AssociationListener, ConnectionLimits
from gateway.pacs.receiving.instance_stream import DraftFile
from gateway.pacs.receiving.presentation_contexts import accepted_contexts
from gateway.pacs.receiving.receiver import Draft, Outcome, Receiver
from gateway.pacs.receiving.refusals import Refusal, Refused, Status
from gateway.settings.receiving import ANY_AE_TITLE, ReceivingSettings

log = structlog.get_logger(__name__)

HIGH: Final = 1  # PS3.7 9.3.1.1, Priority
COMMITMENT_PUSH_MODEL: Final = "1.2.840.10008.1.20.1"
SUCCESS, PROCESSING_FAILURE, INVALID_ARGUMENT = 0x0000, 0x0110, 0x0115  # PS3.7 C
ANSWER_S: Final = 60.0  # within which an instance is stored; senders wait for 30 s and more
DRAIN_S: Final = 5.0  # for associations to end by themselves at a stop
POLL_S: Final = 0.1


class Listening(NamedTuple):
    """Where it listens, and whether it still accepts associations."""

    host: str
    port: int
    accepts: Callable[[], bool]


@dataclass(frozen=True)
class Listener:
    """Listens for associations; `institution` gets what comes. `tls` is None for plain TCP.

    `on_commitment` gets the information of each report on storage commitment, and says whether it was awaited.
    """

    settings: ReceivingSettings
    receiver: Receiver
    institution: str
    scratch: Path
    tls: ssl.SSLContext | None = None
    on_commitment: Callable[[Dataset], Awaitable[bool]] | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Listening]:
        """Listen until the block ends. Raises OSError when they cannot be used."""
        _config.LOG_HANDLER_LEVEL = "none"  # its log quotes elements of messages
        server = self._server(asyncio.get_running_loop())
        serving = asyncio.create_task(asyncio.to_thread(server.serve_forever, POLL_S), name="dicom listener")
        try:
            host, port = server.server_address[:2]
            log.info("listening for DICOM associations", port=port, tls=self.tls is not None)
            yield Listening(str(host), int(port), lambda: not serving.done())
        finally:
            await asyncio.to_thread(_stop, server)
            await serving

    def _server(self, loop: asyncio.AbstractEventLoop) -> AssociationListener:
        settings = self.settings
        entity = _application_entity(settings)
        if self.on_commitment is not None:
            # by role selection the requestor is SCP, and we are SCU
            entity.add_supported_context(COMMITMENT_PUSH_MODEL, scu_role=True, scp_role=True)
        server = AssociationListener(
            entity,
            (settings.pacs_host, settings.pacs_port),
            settings.pacs_ae_title,
            entity.supported_contexts,
            evt_handlers=[
                (evt.EVT_C_STORE, partial(self._store, loop)),
                (evt.EVT_N_EVENT_REPORT, partial(self._take_commitment, loop)),
                (evt.EVT_ACCEPTED, partial(self._tell_accepted, loop)),
                (evt.EVT_REJECTED, partial(self._tell_rejected, loop)),
            ],
            limits=self._limits(),
            tls=self.tls,
            metrics=self.receiver.metrics,
        )
        entity._servers.append(server)  # its shutdown removes it from there
        return server

    def _limits(self) -> ConnectionLimits:
        settings = self.settings
        return ConnectionLimits(
            connections=settings.pacs_associations + REJECTED_AT_ONCE,
            pdu_bytes=settings.pacs_pdu_bytes,
            pdu_s=settings.pacs_idle_s,
            request_s=settings.pacs_request_s,
            instance_bytes=settings.pacs_instance_bytes,
            drafts=partial(self.receiver.blobs.draft_folder, self.scratch),
        )

    def _store(self, loop: asyncio.AbstractEventLoop, event: Event) -> Dataset:
        """Answer a C-STORE request, in the thread of its association, once the instance is stored or refused."""
        request, sender = event.request, Sender.of_ae_title(event.assoc.requestor.ae_title, self.institution)
        file: Any = request._dataset_file  # of pynetdicom's type, were it not ours
        if not isinstance(request, C_STORE) or not isinstance(file, DraftFile):
            return _answer(Outcome(Status.NOT_UNDERSTOOD, Refusal.NO_DICOM.code))
        file.close()
        receiving = asyncio.run_coroutine_threadsafe(self.receiver.receive(_draft(event, request, file), sender), loop)
        try:
            return _answer(receiving.result(ANSWER_S))
        except (TimeoutError, CancelledError):
            receiving.cancel()  # it may be stored all the same: then the next request for it finds it there
            log.warning("an instance was not stored in time", sender=sender.name)
            return _answer(Outcome(Status.OUT_OF_RESOURCES, "timeout"))
        finally:
            event.assoc.dul._idle_timer.restart()  # while we stored, the sender had nothing to send

    def _take_commitment(self, loop: asyncio.AbstractEventLoop, event: Event) -> tuple[int, None]:
        """Answer an N-EVENT-REPORT, once the report is stored."""
        if self.on_commitment is None:
            return PROCESSING_FAILURE, None
        taking = asyncio.run_coroutine_threadsafe(_awaited(self.on_commitment(event.event_information)), loop)
        try:
            return (SUCCESS if taking.result(ANSWER_S) else INVALID_ARGUMENT), None
        except (TimeoutError, CancelledError, GatewayError) as error:
            log.warning("a report on storage commitment was not stored", error=type(error).__name__)
            return PROCESSING_FAILURE, None

    def _tell_accepted(self, loop: asyncio.AbstractEventLoop, event: Event) -> None:
        if not event.assoc.accepted_contexts:
            self._tell_refused(loop, event, "no_common_context")

    def _tell_rejected(self, loop: asyncio.AbstractEventLoop, event: Event) -> None:
        titles, requestor = event.assoc.ae.require_calling_aet, event.assoc.requestor
        if requestor.primitive and requestor.primitive.called_ae_title != self.settings.pacs_ae_title:
            self._tell_refused(loop, event, "called_ae_title")
        elif titles and requestor.ae_title not in titles:
            self._tell_refused(loop, event, "calling_ae_title")
        else:
            self._tell_refused(loop, event, "too_many_associations")

    def _tell_refused(self, loop: asyncio.AbstractEventLoop, event: Event, reason: str) -> None:
        requestor = event.assoc.requestor
        self.receiver.metrics.refused_associations.labels(reason).inc()
        sender = Sender.of_ae_title(requestor.ae_title, self.institution)
        loop.call_soon_threadsafe(self.receiver.refused.note, sender, reason)
        log.warning(
            "a DICOM association was refused", reason=reason, sender=requestor.ae_title, address=requestor.address
        )


async def _awaited(work: Awaitable[bool]) -> bool:
    return await work


def _application_entity(settings: ReceivingSettings) -> AE:
    entity = AE(settings.pacs_ae_title)
    entity.supported_contexts = accepted_contexts(others=settings.pacs_other_objects == "store")
    entity.require_called_aet = True
    titles = settings.pacs_calling_ae_titles
    entity.require_calling_aet = [] if ANY_AE_TITLE in titles else list(titles)
    entity.maximum_associations = settings.pacs_associations
    entity.maximum_pdu_size = settings.pacs_pdu_bytes
    entity.acse_timeout = settings.pacs_request_s
    entity.network_timeout = entity.dimse_timeout = settings.pacs_idle_s
    return entity


def _draft(event: Event, request: C_STORE, file: DraftFile) -> Draft:
    agreed = str(event.context.abstract_syntax)
    refusal = file.refusal
    if refusal is None and str(request.AffectedSOPClassUID) != agreed:
        refusal = Refused(Refusal.OTHER_CLASS)
    sop_uid = str(request.AffectedSOPInstanceUID)
    return Draft(file.path, agreed, sop_uid, urgent=request.Priority == HIGH, refusal=refusal)


def _answer(outcome: Outcome) -> Dataset:
    """The status of a C-STORE response; PS3.7 C.4.2 and C.5: with a comment for the sender's log where it failed."""
    answer = Dataset()
    answer.Status = int(outcome.status)
    if not outcome.is_stored:
        answer.ErrorComment = outcome.code
    return answer


def _stop(server: AssociationListener) -> None:
    """Accept no more; let associations end by themselves, then abort them."""
    server.shutdown()
    end_s = monotonic() + DRAIN_S
    while server.active_associations and monotonic() < end_s:
        sleep(POLL_S)
    for association in server.active_associations:
        association.abort()

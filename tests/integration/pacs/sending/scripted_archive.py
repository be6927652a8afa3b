"""A storage SCP that does as it is told: answers any status, aborts, is silent, reports on storage commitment."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import AE, AllStoragePresentationContexts, evt

from gateway.pacs.sending.commitment import WELL_KNOWN_INSTANCE
from gateway.pacs.sending.store_scu import COMMITMENT_PUSH_MODEL, VERIFICATION
from tests.integration.pacs.orthanc import free_ports

SUCCESS = 0x0000
Answer = Callable[[Any, int], int | Dataset]


@dataclass
class ScriptedArchive:
    """`answer` gets the event of a C-STORE and its number, and returns the status.

    `report` gets the information of an N-ACTION; `received` are the SOP Instance UIDs of each C-STORE, in order.
    """

    port: int
    answer: Answer = lambda _event, _number: SUCCESS
    report: Callable[[Any], None] | None = None
    received: list[str] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def on_store(self, event: Any) -> int | Dataset:
        with self.lock:
            uid = str(event.request.AffectedSOPInstanceUID)
            self.received.append(uid)
            number = len(self.received)
        status = self.answer(event, number)
        if isinstance(status, int) and status == SUCCESS:
            self.stored.append(uid)
        return status

    def on_action(self, event: Any) -> tuple[int, None]:
        if self.report is not None:
            self.report(event)
        return SUCCESS, None


@contextmanager
def scripted_archive(
    answer: Answer | None = None,
    *,
    port: int | None = None,
    report: Callable[[Any], None] | None = None,
    classes: list[str] | None = None,
) -> Iterator[ScriptedArchive]:
    """It listens until the block ends; `classes` are the SOP classes that it takes, by default all."""
    archive = ScriptedArchive(port or free_ports(1)[0], report=report)
    if answer is not None:
        archive.answer = answer
    entity = AE("ARCHIVE")
    entity.maximum_associations = 100
    for uid in (VERIFICATION, COMMITMENT_PUSH_MODEL):
        entity.add_supported_context(uid)
    for name in classes or [str(context.abstract_syntax) for context in AllStoragePresentationContexts]:
        entity.add_supported_context(UID(name))
    handlers: list[Any] = [(evt.EVT_C_STORE, archive.on_store), (evt.EVT_N_ACTION, archive.on_action)]
    server = entity.start_server(("127.0.0.1", archive.port), block=False, evt_handlers=handlers)
    try:
        yield archive
    finally:
        if server is not None:
            server.shutdown()


def commitment_of(action_information: Dataset, *, lacking: bool = False) -> Dataset:
    """The event information that answers a request (PS3.4 J.3.3)."""
    event = Dataset()
    event.TransactionUID = action_information.TransactionUID
    items = list(action_information.ReferencedSOPSequence)
    if lacking:
        for item in items:
            item.FailureReason = 0x0112  # no such object instance
        event.FailedSOPSequence = items
    else:
        event.ReferencedSOPSequence = items
    return event


def report_on_the_same_association(event: Any) -> None:
    """Send the N-EVENT-REPORT once the N-ACTION is answered."""
    information = commitment_of(event.action_information)

    def send() -> None:
        event.assoc.send_n_event_report(information, 1, COMMITMENT_PUSH_MODEL, WELL_KNOWN_INSTANCE)

    threading.Timer(0.3, send).start()

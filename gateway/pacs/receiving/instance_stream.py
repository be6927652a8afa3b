"""C-STORE requests that are written to the disk fragment by fragment, as they arrive.

pynetdicom's own STORE_RECV_CHUNKED_DATASET also streams, but it is one switch for all associations of the process,
writes into the system's temporary folder, knows no limit, and leaves the file of an association that is cut off.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import structlog
from pydicom.uid import UID
from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.dsutils import create_file_meta, encode_file_meta
from pynetdicom.pdu_primitives import P_DATA
from pynetdicom.service_class import StorageServiceClass
from pynetdicom.sop_class import uid_to_service_class

from gateway.errors import StorageFull, StorageUnavailable
from gateway.pacs.receiving.refusals import Refusal, Refused
from gateway.storage.disk_reserve import STORAGE_FULL, is_full_or_read_only

log = structlog.get_logger(__name__)

COMMAND_BYTES: Final = 2**16  # a command set has some hundred bytes
REQUESTS_AT_ONCE: Final = 2  # the asynchronous operations window is 1; one more may be on its way
_IS_COMMAND: Final = 1  # PS3.8 E.2, the message control header
_INVALID_PDU: Final = "Evt19"  # the association is aborted, PS3.8 9.2.1


class DraftFile:
    """The file that pynetdicom writes a data set to. An error is kept until the request is answered.

    The rest of a data set that is too long, or that the disk does not take, is read and dropped.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.path = folder / uuid4().hex
        self.name = str(self.path)
        self.file = self  # pynetdicom calls `file.flush()`
        self.refusal: Exception | None = None
        self._left = most_bytes
        self._open: Any = None
        with self._keeps_errors():
            self._open = self.path.open("xb")

    def write(self, data: bytes) -> int:
        """Append the bytes, unless something went wrong before."""
        self._left -= len(data)
        if self._left < 0 and self.refusal is None:
            self._give_up(Refused(Refusal.INSTANCE_TOO_LONG))
        if self.refusal is None:
            with self._keeps_errors():
                self._open.write(data)
        return len(data)

    def flush(self) -> None:
        """Nothing: the bytes are synced before the request is answered."""

    def close(self) -> None:
        """Close the file; what was written is in the hands of the kernel."""
        if self._open is not None:
            with self._keeps_errors():
                self._open.close()

    def discard(self) -> None:
        """Close and delete the file."""
        self.close()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _give_up(self, refusal: Exception) -> None:
        self.refusal = refusal
        self.discard()

    @contextmanager
    def _keeps_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            full = StorageFull(STORAGE_FULL) if is_full_or_read_only(error) else None
            away = full or StorageUnavailable("the folder of drafts cannot be written to")
            self.refusal = self.refusal or away


def _is_of_storage(message: C_STORE_RQ) -> bool:
    """pynetdicom serves a request by its class alone: it would answer one of Verification with a success."""
    named = str(message.command_set.get("AffectedSOPClassUID", ""))
    return uid_to_service_class(named) is StorageServiceClass


class StreamingDimse(DIMSEServiceProvider):
    """Writes the data sets of C-STORE requests to drafts, and aborts an association that sends what it may not."""

    def __init__(self, association: Association, folder: Path, most_bytes: int) -> None:
        super().__init__(association)
        self._folder = folder
        self._most_bytes = most_bytes
        self._drafts: list[DraftFile] = []

    def receive_primitive(self, primitive: P_DATA) -> None:
        """Take the fragments of a P-DATA one by one: the data set's may follow those of its command in one PDU."""
        for context_id, data in primitive.presentation_data_value_list:
            if not self._is_acceptable(data) or not self._take(context_id, data):
                self.dul.event_queue.put(_INVALID_PDU)
                return

    def discard_drafts(self) -> None:
        """Delete the drafts that no request took over: their association was cut off."""
        for draft in self._drafts:
            draft.discard()

    def _is_acceptable(self, data: bytes) -> bool:
        """Whether the fragment has its place: bounded in memory, and in a window of one request."""
        if not data or self.msg_queue.qsize() >= REQUESTS_AT_ONCE:
            return False
        is_command, message = bool(data[0] & _IS_COMMAND), self.message
        if message is None:
            return is_command
        held = message.encoded_command_set if is_command else message.data_set
        return held is None or held.getbuffer().nbytes + len(data) <= COMMAND_BYTES or self._has_draft()

    def _has_draft(self) -> bool:
        return self.message is not None and self.message._data_set_file is not None

    def _take(self, context_id: int, data: bytes) -> bool:
        """Take one fragment; False when its command cannot be read."""
        fragment = P_DATA()
        fragment.presentation_data_value_list = [[context_id, data]]  # type: ignore[list-item] # it takes lists only
        try:
            super().receive_primitive(fragment)
        except Exception as error:  # noqa: BLE001 - pynetdicom raises anything for a damaged command set
            log.warning("a DIMSE message could not be read", error=type(error).__name__)
            return False
        message = self.message
        if isinstance(message, C_STORE_RQ) and not self._has_draft() and message.context_id in self.assoc._accepted_cx:
            if not _is_of_storage(message):
                log.warning("a C-STORE request names no storage SOP class")
                return False
            self._begin_draft(message, self.assoc._accepted_cx[message.context_id].transfer_syntax[0])
        return True

    def _begin_draft(self, message: C_STORE_RQ, transfer_syntax: UID) -> None:
        """Once the command of a C-STORE is whole, its data set goes to a draft."""
        draft = DraftFile(self._folder, self._most_bytes)
        self._drafts = [*(one for one in self._drafts if one.path.exists()), draft]
        message._data_set_file, message._data_set_path = draft, draft.path  # type: ignore[assignment] # write, close
        try:
            meta = create_file_meta(
                sop_class_uid=message.command_set.AffectedSOPClassUID,
                sop_instance_uid=message.command_set.AffectedSOPInstanceUID,
                transfer_syntax=transfer_syntax,
            )
            draft.write(b"\0" * 128 + b"DICM" + encode_file_meta(meta))
        except (AttributeError, ValueError):
            draft.refusal = Refused(Refusal.NO_UID)

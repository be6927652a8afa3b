"""What an archive sends by C-STORE: as sub-operations of C-GET, or of C-MOVE to a Storage SCP of our own.

An association has at most 128 presentation contexts (PS3.8 9.3.2.2), and the archive chooses one transfer syntax for
each. So a series of CT is asked for with one context for each syntax: the archive sends what it has. Series of other
modalities come uncompressed.
"""

import asyncio
import itertools
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ParametricMapStorage,
    SecondaryCaptureImageStorage,
)
from pynetdicom import AE, AllStoragePresentationContexts, StoragePresentationContexts, build_context, build_role, evt
from pynetdicom.events import Event
from pynetdicom.pdu_primitives import SCP_SCU_RoleSelectionNegotiation
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import ThreadedAssociationServer

from gateway.errors import GatewayError, StorageFull
from gateway.pacs.archives.errors import ArchiveUnavailable, ForeignInstance
from gateway.pacs.archives.instances import InstanceUids, SeriesFolder, uids_of
from gateway.pacs.dimse.tls import server_context
from gateway.settings.archives import DimseArchiveSettings
from screening.dicom.sop_classes import CT_IMAGES
from screening.dicom.transfer_syntaxes import DECODERS

UNCOMPRESSED: Final[list[str | UID]] = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
IN_CT_SERIES: Final = (*sorted(CT_IMAGES), SecondaryCaptureImageStorage)
CT: Final = "CT"
_KINDS: Final = [*(UID(str(one.abstract_syntax)) for one in StoragePresentationContexts), ParametricMapStorage]
LATE_S: Final = 10.0  # some archives end C-MOVE before their last C-STORE
POLL_S: Final = 0.1

STORED: Final = 0x0000  # PS3.4 B.2.3
OUT_OF_RESOURCES: Final = 0xA700
NOT_ASKED_FOR: Final = 0xA900
CANNOT_UNDERSTAND: Final = 0xC000


@cache
def get_contexts(modality: str) -> tuple[list[PresentationContext], list[SCP_SCU_RoleSelectionNegotiation]]:
    """The presentation contexts and roles in which the instances of a series may come by C-GET."""
    kinds = IN_CT_SERIES if modality in (CT, "") else tuple(_KINDS)
    contexts = [build_context(kind, UNCOMPRESSED) for kind in kinds]
    if kinds is IN_CT_SERIES:
        contexts += [build_context(kind, UID(syntax)) for kind in kinds for syntax in DECODERS]
    return contexts, [build_role(kind, scp_role=True) for kind in kinds]


def stored_here(event: Event, series: SeriesFolder, errors: list[GatewayError]) -> int:
    """Keep the instance of a C-STORE; the status of the answer. What is wrong with it is added to `errors`."""
    path = series.incoming()
    try:
        path.write_bytes(event.encoded_dataset())
        series.take(path)
    except ForeignInstance as error:
        errors.append(error)
        return CANNOT_UNDERSTAND
    except OSError as error:
        errors.append(_full(error))
        return OUT_OF_RESOURCES
    return STORED


@dataclass
class Expected:
    """A series that an archive was asked to move to us."""

    series: SeriesFolder
    errors: list[GatewayError] = field(default_factory=list)
    heard: Callable[[], None] = lambda: None

    async def wait_for(self, instances: int) -> None:
        """Return when so many are here, or none has come for `LATE_S`."""
        before, since_s = -1, time.monotonic()
        while (now := await asyncio.to_thread(lambda: self.series.count)) < instances:
            if now != before:
                before, since_s = now, time.monotonic()
            if time.monotonic() - since_s > LATE_S:
                return
            await asyncio.sleep(POLL_S)


class StoreScp:
    """A Storage SCP for the series that are expected now; it refuses all else."""

    def __init__(self, settings: DimseArchiveSettings) -> None:
        self._settings = settings
        self._expected: dict[tuple[str, str], Expected] = {}
        self._numbers = itertools.count()
        self._folder = TemporaryDirectory(prefix="turnstile-move-")
        self._server: ThreadedAssociationServer | None = None

    def start(self) -> None:
        """Listen; raises ArchiveUnavailable when the port is taken."""
        entity = AE(self._settings.calling_ae_title)
        entity.require_called_aet = True
        for context in AllStoragePresentationContexts:
            entity.add_supported_context(str(context.abstract_syntax), [*UNCOMPRESSED, *DECODERS])
        address = self._settings.store_host, self._settings.store_port or 0
        try:
            self._server = entity.start_server(
                address,
                block=False,
                evt_handlers=[(evt.EVT_C_STORE, self._store)],
                ssl_context=_server_context(self._settings),
            )
        except OSError as error:
            raise ArchiveUnavailable(f"store_port {address[1]} cannot be listened on ({error.strerror})") from None

    def stop(self) -> None:
        """Stop listening, and forget what was not expected."""
        if self._server is not None:
            self._server.shutdown()
        self._folder.cleanup()

    @contextmanager
    def expecting(self, series: SeriesFolder) -> Iterator[Expected]:
        """Take the instances of this series while the block runs."""
        key = series.study_uid, series.series_uid
        self._expected[key] = Expected(series)
        try:
            yield self._expected[key]
        finally:
            del self._expected[key]

    def _store(self, event: Event) -> int:
        path = Path(self._folder.name, f"{next(self._numbers)}")
        try:
            path.write_bytes(event.encoded_dataset())
            uids = uids_of(path)
        except ForeignInstance:
            return CANNOT_UNDERSTAND
        except OSError:
            return OUT_OF_RESOURCES
        else:
            return self._take(path, uids)
        finally:
            path.unlink(missing_ok=True)

    def _take(self, path: Path, uids: InstanceUids) -> int:
        expected = self._expected.get((uids.study, uids.series))
        if expected is None:
            return NOT_ASKED_FOR
        expected.heard()
        try:
            expected.series.take(path, uids)
        except OSError as error:
            expected.errors.append(_full(error))
            return OUT_OF_RESOURCES
        return STORED


def _server_context(settings: DimseArchiveSettings) -> ssl.SSLContext | None:
    """TLS for what the archive sends to us, where we have a certificate; with `tls_ca` it must show one, too."""
    if settings.tls_certificate is None:
        return None
    return server_context(settings.tls_certificate, settings.tls_key, settings.tls_ca)


def _full(error: OSError) -> GatewayError:
    return StorageFull(f"an instance could not be written ({error.strerror}): make space, and start again")

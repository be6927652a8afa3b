"""An association to an archive, for one operation, that can be ended from outside when the archive is silent.

PS3.7 knows no deadline: an archive may answer `pending` for ever, or never. The thread that waits for answers cannot
see this, so `DimseArchive` watches `silent_s` and calls `abort`.
"""

import ssl
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import SCP_SCU_RoleSelectionNegotiation
from pynetdicom.presentation import PresentationContext

import gateway.pacs.dimse  # noqa: F401 - configures pynetdicom
from gateway.pacs.archives.errors import ArchiveRefused, ArchiveUnavailable
from gateway.settings.archives import DimseArchiveSettings

LARGEST_PDU = 128 * 2**10


@dataclass
class Operation:
    """One operation, and when the archive was last heard."""

    association: Association | None = field(default=None, repr=False)
    heard_s: float = field(default_factory=time.monotonic)
    began_s: float = field(default_factory=time.monotonic)
    aborted: bool = False

    def heard(self) -> None:
        """The archive has sent something."""
        self.heard_s = time.monotonic()

    @property
    def silent_s(self) -> float:
        """Seconds since the archive was heard."""
        return time.monotonic() - self.heard_s

    @property
    def age_s(self) -> float:
        """Seconds since the operation began."""
        return time.monotonic() - self.began_s

    def abort(self) -> None:
        """End the association, and wake the thread that waits for its answers."""
        self.aborted = True
        if self.association is not None:
            self.association.abort()
            self.association.dimse.msg_queue.put((None, None))


@contextmanager
def associated(
    archive: DimseArchiveSettings,
    operation: Operation,
    contexts: Iterable[PresentationContext],
    roles: Sequence[SCP_SCU_RoleSelectionNegotiation] = (),
    handlers: Sequence[Any] = (),
) -> Iterator[Association]:
    """An association with these contexts; released at the end, aborted after an error.

    Raises ArchiveUnavailable and ArchiveRefused.
    """
    entity = AE(archive.calling_ae_title)
    entity.requested_contexts = list(contexts)
    entity.connection_timeout = entity.acse_timeout = archive.timeout_s
    entity.dimse_timeout = None  # `Operation.silent_s` is watched instead: sub-operations of a C-MOVE count too
    entity.network_timeout = archive.timeout_s
    try:
        association = entity.associate(
            archive.host,
            archive.port,
            ae_title=archive.ae_title,
            max_pdu=LARGEST_PDU,
            ext_neg=list(roles),
            evt_handlers=[(evt.EVT_DATA_RECV, lambda _: operation.heard()), *handlers],
            tls_args=(client_context(archive), archive.host) if archive.tls else None,
        )
    except OSError as error:  # no such host, no such certificate
        raise ArchiveUnavailable(f"the archive cannot be reached ({error.strerror})") from None
    operation.association = association
    if not association.is_established:
        raise _why_not(association)
    if operation.aborted:
        association.abort()
        raise ArchiveUnavailable("the operation was stopped")
    try:
        yield association
    except BaseException:
        association.abort()
        raise
    association.release()


def client_context(archive: DimseArchiveSettings) -> ssl.SSLContext:
    """TLS towards the archive (PS3.15 B.9), with our certificate where there is one."""
    context = ssl.create_default_context(cafile=archive.tls_ca)
    if archive.tls_certificate and archive.tls_key:
        context.load_cert_chain(archive.tls_certificate, archive.tls_key)
    return context


def _why_not(association: Association) -> ArchiveRefused | ArchiveUnavailable:
    if association.is_rejected:
        answer = association.acceptor.primitive
        reason = getattr(answer, "reason_str", "no reason given")
        return ArchiveRefused(f"the archive rejects the association: {reason}; check the AE titles, here and there")
    return ArchiveUnavailable("the archive cannot be reached, or ends the connection: check host, port and TLS")

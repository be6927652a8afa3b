"""An association to an archive, for one operation, that can be ended from outside when the archive is silent.

PS3.7 knows no deadline: an archive may answer `pending` for ever, or never. The thread that waits for answers cannot
see this, so `DimseArchive` watches `silent_s` and calls `abort`.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import SCP_SCU_RoleSelectionNegotiation
from pynetdicom.presentation import PresentationContext

from gateway.pacs.archives.errors import ArchiveError, ArchiveRefused, ArchiveUnavailable
from gateway.pacs.dimse.association import (
    AssociationRejected,
    NoAssociation,
    NoContextAccepted,
    Peer,
    TlsFailed,
    association,
    end,
)
from gateway.pacs.dimse.requestor_tls import requesting_context
from gateway.pacs.peer_address import AddressRefused, AddressUnknown
from gateway.settings.archives import DimseArchiveSettings


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

    def opened(self, association: Association) -> None:
        """The association is there; raises ArchiveUnavailable when the operation was aborted before."""
        self.association = association
        if self.aborted:
            raise ArchiveUnavailable("the operation was stopped")

    def abort(self) -> None:
        """End the association, and wake the thread that waits for its answers."""
        self.aborted = True
        if self.association is not None:
            end(self.association)


@contextmanager
def associated(
    archive: DimseArchiveSettings,
    operation: Operation,
    contexts: Sequence[PresentationContext],
    roles: Sequence[SCP_SCU_RoleSelectionNegotiation] = (),
    handlers: Sequence[Any] = (),
) -> Iterator[Association]:
    """An association with these contexts; released at the end, aborted after an error.

    Raises ArchiveUnavailable and ArchiveRefused.
    """
    hears = [(evt.EVT_DATA_RECV, lambda _: operation.heard()), *handlers]
    try:
        with association(_peer(archive), contexts, hears, operation.opened, roles) as opened:
            yield opened
    except (NoAssociation, AddressUnknown, AddressRefused) as error:
        raise _why_not(error) from None
    except OSError as error:  # of a certificate
        raise ArchiveUnavailable(f"TLS to the archive cannot be prepared ({error.strerror})") from None


def _peer(archive: DimseArchiveSettings) -> Peer:
    """Without a deadline for answers: sub-operations of a C-MOVE come on another association."""
    tls = None
    if archive.tls:
        tls = requesting_context(archive.tls_ca, archive.tls_certificate, archive.tls_key)
    address = archive.host, archive.port, archive.ae_title, archive.calling_ae_title
    return Peer(*address, connect_s=archive.timeout_s, answer_s=None, tls=tls)


def _why_not(error: Exception) -> ArchiveError:
    match error:
        case AssociationRejected():
            meaning = error.meaning or "no reason given"
            return ArchiveRefused(
                f"the archive rejects the association: {meaning}; check the AE titles, here and there"
            )
        case NoContextAccepted():
            return ArchiveRefused("the archive offers none of the services that it is asked for")
        case AddressRefused():
            return ArchiveRefused("the archive's host has an address that is refused: check host")
        case TlsFailed():
            return ArchiveUnavailable("TLS to the archive does not come about: check port, tls and tls_ca")
        case _:
            return ArchiveUnavailable("the archive cannot be reached, or ends the connection: check host and port")

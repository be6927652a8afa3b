"""An association that we request (PS3.8 7.1), and why there is none: unreachable, rejected, aborted, no context.

It blocks: call it in a thread.
"""

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any, Final

from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import SCP_SCU_RoleSelectionNegotiation
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import AddressInformation, AssociationSocket

import gateway.pacs.dimse  # noqa: F401 - configures pynetdicom
from gateway.pacs.peer_address import checked_address

Handlers = Sequence[tuple[Any, Callable[..., Any]]]

LARGEST_PDU: Final = 2**17  # bytes that a peer may send us at once


@dataclass(frozen=True)
class Peer:
    """Where an AE listens and what we are called there; times in seconds.

    `connect_s` is for TCP, TLS and the answer to the request of an association, `answer_s` for each DIMSE answer; where
    it is None, the caller that waits for one ends the association (`end`).
    """

    host: str
    port: int
    called_ae: str
    calling_ae: str
    connect_s: float
    answer_s: float | None
    tls: SSLContext | None = field(default=None, repr=False)


class NoAssociation(Exception):
    """There is no association."""


class PeerUnreachable(NoAssociation):
    """No connection."""


class TlsFailed(NoAssociation):
    """A TCP connection, and no TLS on it."""


class AssociationRejected(NoAssociation):
    """A-ASSOCIATE-RJ; `meaning` is its reason in words (PS3.8 9.3.4)."""

    def __init__(self, meaning: str) -> None:
        super().__init__(meaning)
        self.meaning = meaning


class AssociationAborted(NoAssociation):
    """Aborted, or not answered in time."""


class NoContextAccepted(NoAssociation):
    """The peer accepted the association, and none of its presentation contexts."""


@contextmanager
def association(
    peer: Peer,
    contexts: Sequence[PresentationContext],
    handlers: Handlers = (),
    on_open: Callable[[Association], None] | None = None,
    roles: Sequence[SCP_SCU_RoleSelectionNegotiation] = (),
) -> Iterator[Association]:
    """An established association, released at the end of the block, or aborted when the block raises.

    `roles` are those of contexts in which the peer stores here. `on_open` gets it as soon as it exists, so that another
    thread can abort it. Raises NoAssociation, AddressUnknown and AddressRefused.
    """
    address = checked_address(peer.host, peer.port)
    tls = None if peer.tls is None else (peer.tls, peer.host)
    opened = _entity(peer).associate(
        address,
        peer.port,
        list(contexts),
        peer.called_ae,
        max_pdu=LARGEST_PDU,
        ext_neg=list(roles),
        tls_args=tls,
        evt_handlers=list(handlers),
    )
    if not opened.is_established:
        raise _why_none(opened, peer, address)
    try:
        if on_open is not None:
            on_open(opened)
        yield opened
    except BaseException:
        if opened.is_established:
            opened.abort()
        raise
    opened.release()


def end(opened: Association) -> None:
    """Abort an association from another thread, and wake the one that waits for an answer on it."""
    opened.abort()
    opened.dimse.msg_queue.put((None, None))


class _Socket(AssociationSocket):
    """Closed in any case: pynetdicom 3.0.4 leaves one open that was never connected, as its shutdown fails first."""

    def _shutdown_socket(self) -> None:
        super()._shutdown_socket()
        if self.socket is not None:
            self.socket.close()


class _Entity(ApplicationEntity):
    def _create_socket(
        self, assoc: Association, address: AddressInformation, tls_args: tuple[SSLContext, str] | None
    ) -> AssociationSocket:
        made = _Socket(assoc, address=address)
        made.tls_args = tls_args
        return made


def _entity(peer: Peer) -> ApplicationEntity:
    entity = _Entity(peer.calling_ae)
    entity.connection_timeout = entity.acse_timeout = peer.connect_s
    entity.dimse_timeout = peer.answer_s
    entity.network_timeout = None if peer.answer_s is None else peer.answer_s + peer.connect_s
    return entity


def _why_none(opened: Association, peer: Peer, address: str) -> NoAssociation:
    if opened.is_rejected:
        answer = opened.acceptor.primitive
        return AssociationRejected("" if answer is None else answer.reason_str)
    if opened.rejected_contexts:
        return NoContextAccepted()
    answered = opened.acceptor.primitive is not None
    if answered or _accepts_tcp(address, peer):
        return TlsFailed() if peer.tls is not None and not answered else AssociationAborted()
    return PeerUnreachable()


def _accepts_tcp(address: str, peer: Peer) -> bool:
    try:
        with socket.create_connection((address, peer.port), peer.connect_s):
            return True
    except OSError:
        return False

"""Connections of the listener: each has a thread of its own, in which TLS is agreed and the association lives.

pynetdicom 3.0.4 agrees TLS in the thread that accepts connections, so that one silent client stops all others.
"""

import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import structlog
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.fsm import StateMachine
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import RequestHandler, ThreadedAssociationServer

from gateway.pacs.dimse.bounded_socket import BoundedSocket
from gateway.pacs.receiving.instance_stream import StreamingDimse
from gateway.pacs.receiving.metrics import ReceivingMetrics

log = structlog.get_logger(__name__)

REJECTED_AT_ONCE: Final = 20  # connections above the limit of associations that are still told so, PS3.8 9.3.4


@dataclass(frozen=True)
class ConnectionLimits:
    """What one connection may hold: bytes of a PDU and of an instance, seconds of a PDU and until its request."""

    connections: int
    pdu_bytes: int
    pdu_s: float
    request_s: float
    instance_bytes: int
    drafts: Callable[[], Path]


class GuardedStateMachine(StateMachine):
    """Ends the association when an event has no place in its state; pynetdicom lets the exception end the thread."""

    def do_action(self, event: str) -> None:
        """Do what the event asks for."""
        try:
            super().do_action(event)
        except Exception as error:  # noqa: BLE001 - whatever a sender makes of the protocol ends its association alone
            log.warning("a DICOM association broke the protocol", error=type(error).__name__)
            association = self.dul.assoc
            association.is_aborted, association.is_established = True, False
            association._kill = self.dul._kill_thread = True


class BoundedRequestHandler(RequestHandler):
    """Runs one association to its end, and leaves no draft of it behind."""

    server: "AssociationListener"

    def handle(self) -> None:
        """Serve the association."""
        association = self._create_association()
        limits = self.server.limits
        dimse = StreamingDimse(association, limits.drafts(), limits.instance_bytes)
        association.dimse = dimse
        association.daemon = association.dul.daemon = True
        association.start()
        try:
            association.join()
        finally:
            dimse.discard_drafts()

    def _create_association(self) -> Association:
        association = super()._create_association()
        association.dul.state_machine = GuardedStateMachine(association.dul)
        association.dul.event_queue.get_nowait()  # `Evt5`, the connection, which the bounded socket tells again
        association.dul.socket = BoundedSocket(
            association, self.request, self.server.limits.pdu_bytes, self.server.limits.pdu_s
        )
        return association


class AssociationListener(ThreadedAssociationServer):
    """Accepts connections up to a limit; above it a connection is closed at once."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self,
        entity: AE,
        address: tuple[str, int],
        title: str,
        contexts: list[PresentationContext],
        *,
        evt_handlers: list[Any],
        limits: ConnectionLimits,
        tls: ssl.SSLContext | None,
        metrics: ReceivingMetrics,
    ) -> None:
        self.limits = limits
        self._tls = tls
        self._metrics = metrics
        self._slots = threading.Semaphore(limits.connections)
        super().__init__(
            entity, address, title, contexts, evt_handlers=evt_handlers, request_handler=BoundedRequestHandler
        )

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002 - socketserver's signature
        """Take a slot for the connection; False closes it."""
        if self._slots.acquire(blocking=False):
            return True
        self._metrics.refused_associations.labels("too_many_connections").inc()
        return False

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Agree TLS, then serve the association; called in the connection's own thread."""
        self._metrics.associations.inc()
        try:
            request.settimeout(self.limits.request_s)
            request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                request = self._tls.wrap_socket(request, server_side=True)
            self.finish_request(request, client_address)
        except OSError as error:  # ssl.SSLError, too
            reason = "tls" if isinstance(error, ssl.SSLError) else "connection_lost"
            self._metrics.refused_associations.labels(reason).inc()
        except Exception:
            log.exception("an association failed")
        finally:
            self._metrics.associations.dec()
            self._slots.release()
            self.shutdown_request(request)

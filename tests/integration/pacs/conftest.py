"""Sockets of pynetdicom are closed: it forgets one, unclosed, whose peer was gone before it could be shut down."""

import socket
from contextlib import suppress

import pytest
from pynetdicom.transport import AssociationSocket


@pytest.fixture(autouse=True)
def _closed_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    def shut_down_and_close(one: AssociationSocket) -> None:
        if one.socket is not None:
            with suppress(OSError):
                one.socket.shutdown(socket.SHUT_RDWR)
            one.socket.close()

    monkeypatch.setattr(AssociationSocket, "_shutdown_socket", shut_down_and_close)

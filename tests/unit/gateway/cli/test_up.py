"""The socket that `up` listens on."""

import socket

from gateway.cli.up import _bound


def test_asyncio_knows_it_for_tcp_and_answers_without_waiting_for_an_ack() -> None:
    with _bound("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP

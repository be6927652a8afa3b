"""The listening socket of `up`."""

import socket

from gateway.cli.up import _listening_socket


def test_it_names_tcp_so_that_asyncio_sets_nodelay() -> None:
    with _listening_socket("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP

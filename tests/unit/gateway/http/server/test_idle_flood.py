"""A flood of idle connections, more than the files that the process might open at first, keeps nobody out."""

import contextlib
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.unit.gateway.http.server.raw_http import statuses, until_closed

FLOOD = 1100
REQUEST = b"GET /ok HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
SERVER = """
import resource, sys
from gateway.http.server.limits import ConnectionLimits
from gateway.http.server.open_files import raise_open_file_limit
from gateway.settings.settings import Settings
resource.setrlimit(resource.RLIMIT_NOFILE, (1024, {hard}))
limits = ConnectionLimits.of(Settings(), raise_open_file_limit())
from tests.unit.gateway.http.server.raw_http import raw_server
with raw_server(connections=limits.connections, connections_per_address=limits.connections_per_address) as server:
    print("port", server.port, flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def server_with(hard: int) -> Iterator[int]:
    """The port of a server in a process with a soft limit of 1,024 files, and this hard limit."""
    command = [sys.executable, "-c", SERVER.format(hard=hard)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield next(int(line.split()[1]) for line in process.stdout if line.startswith("port "))
        process.terminate()


@pytest.mark.parametrize("hard", [4096, 1024], ids=["a limit that can be raised", "a limit that cannot"])
def test_a_new_client_is_served_while_idle_connections_are_held(hard: int) -> None:
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < FLOOD + 500:
        pytest.skip("this process may not open as many connections itself")
    with server_with(hard) as port, contextlib.ExitStack() as held:
        for _ in range(FLOOD):
            held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
        for _ in range(3):
            client = held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            client.sendall(REQUEST)
            assert statuses(until_closed(client)) == [200]

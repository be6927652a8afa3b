"""The soft limit of open files is raised to the hard one, and connections stay below it."""

import subprocess
import sys

from gateway.http.server.limits import RESERVED_FILES, ConnectionLimits
from gateway.settings.settings import Settings

SCRIPT = """
import resource
from gateway.http.server.open_files import raise_open_file_limit
resource.setrlimit(resource.RLIMIT_NOFILE, (256, {hard}))
print(raise_open_file_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def raised(hard: int) -> list[int]:
    """In a process of its own: a lowered hard limit cannot be raised again."""
    script = SCRIPT.format(hard=hard)
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    return [int(number) for number in output.splitlines()[-1].split()]


def test_the_soft_limit_becomes_the_hard_one() -> None:
    assert raised(1024) == [1024, 1024, 1024]


def test_a_soft_limit_that_is_the_hard_one_stays() -> None:
    assert raised(256) == [256, 256, 256]


def test_connections_leave_files_for_the_rest_of_the_process() -> None:
    settings = Settings(connections=2048, connections_per_address=1024)
    assert ConnectionLimits.of(settings, 65_536).connections == 2048
    few = ConnectionLimits.of(settings, 1024)
    assert (few.connections, few.connections_per_address) == (1024 - RESERVED_FILES, 1024 - RESERVED_FILES)

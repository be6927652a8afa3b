"""What goes wrong during the test, each for a while: processes, disk, clock, database connections and network."""

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Final

import psycopg

from gateway.settings.settings import ROOT
from tests.integration.chaos.clock import MovedClock
from tests.integration.chaos.restores import Restores
from tests.integration.chaos.small_disk import SmallDisk
from tests.integration.chaos.stalling_proxy import StallingProxy
from tests.integration.faults.service_programs import ServicePrograms
from tests.integration.polling import until

FOR_S: Final = 3.0
MOST_CONNECTIONS: Final = 500

Trouble = Callable[[], AbstractContextManager[None]]


def kills(service: ServicePrograms) -> dict[str, Trouble]:
    """A SIGKILL of each process, by name."""
    return {
        f"{name} is killed": lambda kill=kill: _at_once(kill)  # type: ignore[misc]  # its type cannot be said in a lambda
        for name, kill in service.killers.items()
    }


def troubles_of(
    service: ServicePrograms, proxy: StallingProxy, disk: SmallDisk | None, clock: MovedClock, restores: Restores
) -> Mapping[str, Trouble]:
    """All that this machine can do, by name."""
    troubles = kills(service)
    troubles["the network stalls"] = proxy.stalled
    troubles["the clock is an hour ahead"] = lambda: clock.off(1)
    troubles["the clock is an hour behind"] = lambda: clock.off(-1)
    troubles["no connection of PostgreSQL is free"] = lambda: _connections_taken(service.database_url)
    troubles["a backup is killed"] = lambda: _backup_killed(service, restores.archive)
    troubles["a restore is killed"] = lambda: _restore_killed(restores)
    if disk is not None:
        troubles["the disk is full"] = disk.full
        troubles["the data folder is read-only"] = disk.read_only
    return troubles


@contextmanager
def _at_once(kill: Callable[[], None]) -> Iterator[None]:
    kill()
    yield


@contextmanager
def _backup_killed(service: ServicePrograms, archive: Path) -> Iterator[None]:
    """Start a backup, and kill it after the block."""
    with subprocess.Popen(service.command("backup", str(archive)), env=service.environ, cwd=ROOT) as backup:
        yield
        backup.kill()


@contextmanager
def _restore_killed(restores: Restores) -> Iterator[None]:
    """Back up the service, and kill a restore elsewhere after the block; the next one there succeeds."""
    restores.back_up()
    restored = restores.elsewhere()
    with restores.killed(restored):
        yield
    restores.restore(restored)


@contextmanager
def _connections_taken(url: str) -> Iterator[None]:
    """Take every connection that PostgreSQL gives to anybody; nobody else gets a new one for the block."""
    taken: list[psycopg.Connection] = []

    def none_left() -> bool:
        try:
            while len(taken) < MOST_CONNECTIONS:
                taken.append(psycopg.connect(url))
        except psycopg.OperationalError:
            return bool(taken)
        raise AssertionError(f"PostgreSQL gave {MOST_CONNECTIONS} connections")

    until(none_left)
    try:
        yield
    finally:
        for connection in taken:
            with suppress(psycopg.Error):  # PostgreSQL was killed meanwhile
                connection.close()


def last(trouble: Trouble, seconds: float) -> None:
    """Let it last so long."""
    with trouble():
        time.sleep(seconds)

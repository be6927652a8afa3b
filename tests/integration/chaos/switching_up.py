"""A `turnstile up` with its own Triton and two sets of networks, which are switched while processes are killed."""

import hashlib
import json
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from gateway.settings.settings import ROOT
from tests.integration.chaos.troubles import Trouble, kills
from tests.integration.faults.service_programs import PATIENCE_S, QUICK, Program, ServicePrograms, free_port, kill
from tests.integration.gateway.network_switch.repositories import other_networks
from tests.integration.gateway.network_switch.switching_service import home_of_its_own, tritons_of
from tests.integration.polling import until
from tests.postgres import RunningPostgres


@dataclass(frozen=True)
class RunningSwitch:
    """A `turnstile switch` that runs, and the Triton that was started for it."""

    command: "subprocess.Popen[str]"
    tritons: list[psutil.Process]

    def kill_command(self) -> None:
        """Send SIGKILL to the command; the `up` that it asked goes on."""
        self.command.kill()

    def kill_triton(self) -> None:
        """Send SIGKILL to the Triton with the new networks."""
        _kill_all(self.tritons)


@dataclass(frozen=True)
class SwitchingUp:
    """The service, its home folder, two model repositories, and how many switches were made, refused and killed."""

    service: ServicePrograms
    home: Path
    repositories: tuple[Path, Path]
    ended: Counter[str] = field(default_factory=Counter)

    def tritons(self) -> list[psutil.Process]:
        """The Triton processes that run now."""
        (up,) = self.service.programs
        return tritons_of(up.process.pid) if up.process else []

    @contextmanager
    def switch(self) -> Iterator[RunningSwitch]:
        """Run a switch to the networks that are not active; the block begins when their Triton is there.

        The switch may be refused: the one before is not over, or the service is in trouble.
        """
        before, logs = set(self.tritons()), self._triton_logs()
        command = self.service.command("switch", str(self._inactive()))
        with subprocess.Popen(
            command, env=self.service.environ, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as running:
            until(lambda: running.poll() is not None or bool(self._triton_logs() - logs), PATIENCE_S)
            yield RunningSwitch(running, [one for one in self.tritons() if one not in before])
            _, told = running.communicate()
        how = "made" if running.returncode == 0 else "killed" if running.returncode < 0 else "refused"
        self.ended[how] += 1
        if how == "refused":
            self.ended[" ".join(told.split())] += 1

    def switch_surely(self) -> None:
        """Switch, again until it is made."""
        made = self.ended["made"]

        def is_made() -> bool:
            with self.switch():
                pass
            return self.ended["made"] > made

        until(is_made, PATIENCE_S, lambda: str(self.ended))

    def assert_nothing_is_left(self) -> None:
        """Of the switches before there is neither a Triton nor a copy of networks."""
        until(lambda: len(self.tritons()) == len(list((self.home / "served").glob("*networks-*"))) == 1, PATIENCE_S)

    def _triton_logs(self) -> set[str]:
        """The logs of Tritons; each one that is loaded begins its own. Listing processes reads all of /proc."""
        return {log.name for log in (self.home / "logs").glob("triton-*")}

    def _inactive(self) -> Path:
        """The networks that are not active; the second ones when `up` does not run."""
        active, first = None, self.repositories[0]
        with suppress(FileNotFoundError):
            active = json.loads((self.home / "running.json").read_text())["card_sha256"]
        is_first = active in (None, hashlib.sha256((first / "model_card.json").read_bytes()).hexdigest())
        return self.repositories[1] if is_first else first


def switch_troubles(up: SwitchingUp) -> dict[str, Trouble]:
    """Kills of each process, at any time and during a switch; and a switch with which nothing goes wrong."""
    troubles = kills(up.service)
    for name, killer in up.service.killers.items():
        troubles[f"{name} is killed during a switch"] = lambda killer=killer: _during_a_switch(up, lambda _: killer())  # type: ignore[misc]  # its type cannot be said in a lambda
    troubles["the new triton of a switch is killed"] = lambda: _during_a_switch(up, RunningSwitch.kill_triton)
    troubles["the command of a switch is killed"] = lambda: _during_a_switch(up, RunningSwitch.kill_command)
    troubles["networks are switched"] = lambda: _during_a_switch(up, lambda _: None)
    return troubles


@contextmanager
def _during_a_switch(up: SwitchingUp, act: Callable[[RunningSwitch], None]) -> Iterator[None]:
    """Start a switch, and act after the block; then wait for the command to end."""
    with up.switch() as running:
        yield
        act(running)


@contextmanager
def running_up(folder: Path, postgres: RunningPostgres) -> Iterator[SwitchingUp]:
    """Started with the first of its networks, on a database of the test's PostgreSQL."""
    home, port, database_url = home_of_its_own(folder), free_port(), postgres.new_database()
    repositories = (
        other_networks(folder / "one", "card-one", shift=0.0, threshold=0.3, b=-2.0, slices=6),
        other_networks(folder / "two", "card-two", shift=0.01, threshold=0.4, b=-3.0, slices=8),
    )
    environ = {
        "TURNSTILE_DATABASE_URL": database_url,
        "TURNSTILE_BLOB_URL": str(folder / "blobs"),
        "TURNSTILE_MODEL_REPOSITORY": str(repositories[0]),
        **QUICK,
        "TURNSTILE_HOME": str(home),
        "TURNSTILE_SCRATCH_FOLDER": str(folder / "scratch"),
    }
    up = Program("up", ("up", "--port", str(port)), environ, folder / "up.log")
    killers: dict[str, Callable[[], None]] = {"up": up.kill, "postgres": lambda: kill(postgres.server.pid)}
    service = ServicePrograms(f"http://127.0.0.1:{port}", database_url, folder / "blobs", (up,), killers)
    switching = SwitchingUp(service, home, repositories)
    killers["triton"] = lambda: _kill_all(switching.tritons())
    with service.running():
        yield switching


def _kill_all(processes: list[psutil.Process]) -> None:
    for one in processes:
        with suppress(psutil.NoSuchProcess):
            one.kill()

"""The stack of docker-compose.yml, as docker-compose runs it: started, looked into, killed, removed."""

import json
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from deploy.containers.compose_file import Services, checked_by_the_engine, chosen
from deploy.containers.engine import ROOT, Engine
from deploy.containers.errors import CheckFailed

PROFILE = "cpu"
HEALTH_INTERVAL_S = 5
LAST_WORDS = 1000  # characters of a log


@dataclass(frozen=True)
class Stack:
    """One project of compose; `settings` is its file of variables, and its name keeps it apart from any other stack."""

    engine: Engine
    project: str
    settings: Path
    services: Services

    @classmethod
    def read(cls, engine: Engine, project: str, settings: Path, more: Sequence[str]) -> "Stack":
        """The services of the profile cpu, and `more`, as compose reads them; raises CheckFailed."""
        said = engine.output([*compose_command(engine.compose, project, settings), "config"])
        return cls(engine, project, settings, chosen(yaml.safe_load(said), [PROFILE], more))

    def up(self) -> None:
        """Start every service in the order of the file; returns when what is waited for has come true.

        Raises CheckFailed with what the services that failed have written.
        """
        with self._health_checks():
            try:
                self.engine.run([*self._compose, "up", "-d", "--no-build", *self.services], "docker-compose up")
            except CheckFailed as error:
                raise CheckFailed("\n".join([str(error), *self._failures()])) from None

    def inside(self, service: str, *command: str) -> str:
        """What a command prints inside the service's container; raises CheckFailed when it fails."""
        return self.engine.output([self.engine.program, "exec", self.container(service), *command])

    def kill(self, *services: str) -> None:
        """SIGKILL, as the kernel does it when memory runs out, and a start afterwards."""
        self.engine.output([*self._compose, "kill", *services])
        self.engine.output([*self._compose, "start", *services])

    def restart(self, *services: str) -> None:
        """SIGTERM, the grace period of the file, and a start."""
        self.engine.output([*self._compose, "restart", *services])

    def logs(self, service: str) -> str:
        """What the service has written, without the names of containers."""
        return self.engine.output([self.engine.program, "logs", self.container(service)], errors_too=True)

    def state(self, service: str) -> Mapping[str, Any]:
        """The engine's state of the container: Status, ExitCode, Pid, and others."""
        said = self.engine.output([self.engine.program, "inspect", self.container(service)])
        state: Mapping[str, Any] = json.loads(said)[0]["State"]
        return state

    def container(self, service: str) -> str:
        """The id of the service's container; the stack has one of each."""
        return self.engine.output([*self._compose, "ps", "-q", service]).split()[0]

    def down(self) -> str:
        """Remove containers, networks and volumes; returns the names of what is left: nothing, if all is well."""
        self.engine.run([*self._compose, "down", "--volumes", "--timeout", "30"], "docker-compose down")
        program, mine = self.engine.program, f"--filter=label=com.docker.compose.project={self.project}"
        kinds = (["ps", "--all", "--quiet"], ["volume", "ls", "--quiet"], ["network", "ls", "--quiet"])
        return "".join(self.engine.output([program, *kind, mine]) for kind in kinds)

    @property
    def _compose(self) -> list[str]:
        return compose_command(self.engine.compose, self.project, self.settings)

    def _failures(self) -> Iterator[str]:
        """The last lines of every service that has exited with an error."""
        for service in self.services:
            created = self.engine.output([*self._compose, "ps", "-q", service]).split()
            if created and (code := self.state(service)["ExitCode"]):
                yield f"{service} exited with {code}:\n{self.logs(service)[-LAST_WORDS:]}"

    @contextmanager
    def _health_checks(self) -> Iterator[None]:
        """Podman leaves health checks to timers of systemd; where there is no systemd they are asked for here."""
        if self.engine.program != "podman" or Path("/run/systemd/system").exists():
            yield
            return
        ended = threading.Event()
        thread = threading.Thread(target=self._check_health, args=[ended], daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _check_health(self, ended: threading.Event) -> None:
        mine = [f"--filter=label=com.docker.compose.project={self.project}", "--filter=status=running"]
        service = '{{.ID}} {{index .Labels "com.docker.compose.service"}}'
        listed = [self.engine.program, "ps", *mine, "--format", service]
        environ, checked = {**os.environ, **self.engine.environ}, checked_by_the_engine(self.services)
        while not ended.wait(HEALTH_INTERVAL_S):
            running = subprocess.run(listed, env=environ, capture_output=True, text=True, check=False).stdout
            for container, name in (line.split(maxsplit=1) for line in running.splitlines()):
                if name in checked:
                    check = [self.engine.program, "healthcheck", "run", container]
                    subprocess.run(check, env=environ, capture_output=True, check=False)


def compose_command(program: Sequence[str], project: str, settings: Path) -> list[str]:
    """docker-compose with the file of this checkout, a project of its own, and its own variables."""
    return [
        *program,
        "--project-name",
        project,
        "--env-file",
        str(settings),
        "--file",
        str(ROOT / "docker-compose.yml"),
    ]

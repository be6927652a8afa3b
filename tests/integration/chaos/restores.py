"""Backups of the service, and restores of them elsewhere, which may be killed in the middle."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import psycopg

from gateway.settings.settings import ROOT
from tests.integration.faults.service_programs import PATIENCE_S, ServicePrograms
from tests.integration.polling import until
from tests.postgres import RunningPostgres

TEMPLATE: Final = "template1"  # a database without a table, as an operator makes one to restore into


@dataclass(frozen=True)
class Restores:
    """The service's archive, and where its backups are restored: databases of `postgres`, files below `folder`."""

    service: ServicePrograms
    postgres: RunningPostgres
    archive: Path
    folder: Path

    def back_up(self) -> None:
        """Take a backup, again until one succeeds."""
        self._until_succeeds(self.service, "backup", str(self.archive))

    def elsewhere(self) -> ServicePrograms:
        """The service with another, empty database and no file."""
        urls: list[str] = []

        def made() -> bool:
            with suppress(psycopg.OperationalError):  # PostgreSQL was killed just before
                urls.append(self.postgres.new_database(TEMPLATE))
            return bool(urls)

        until(made, PATIENCE_S)
        return replace(self.service, database_url=urls[0], blobs=self.folder / urls[0].rpartition("/")[2])

    @contextmanager
    def killed(self, restored: ServicePrograms) -> Iterator[None]:
        """Start a restore, and kill it after the block, which begins when the first file is there."""
        command = restored.command("restore", str(self.archive))
        with subprocess.Popen(command, env=restored.environ, cwd=ROOT) as restore:
            until(lambda: any(restored.blobs.rglob("*")) or restore.poll() is not None, PATIENCE_S)
            yield
            restore.kill()

    def restore(self, restored: ServicePrograms) -> None:
        """Restore the newest backup over what a killed restore left, again until PostgreSQL has noticed its end."""
        self._until_succeeds(restored, "restore", str(self.archive), "--replace")

    def _until_succeeds(self, service: ServicePrograms, *arguments: str) -> None:
        tries: list[subprocess.CompletedProcess[str]] = []

        def succeeded() -> bool:
            command = service.command(*arguments)
            tries.append(
                subprocess.run(command, env=service.environ, cwd=ROOT, check=False, capture_output=True, text=True)
            )
            return tries[-1].returncode == 0

        until(succeeded, PATIENCE_S, lambda: tries[-1].stderr)

"""The age of the last backup as a metric, for the alert that none succeeded in time."""

import asyncio
from time import monotonic
from typing import Final

from gateway.backups.store.last_success import last_success
from gateway.database.connection import Database
from gateway.errors import DatabaseUnavailable
from gateway.telemetry.metrics import Metrics

READ_EVERY_S: Final = 60.0


class LastBackup:
    """Keeps the metric up to date; `due_s` is the longest time between two backups, None where none are made."""

    def __init__(self, database: Database, metrics: Metrics, due_s: float | None) -> None:
        self._database = database
        self._metrics = metrics
        self._task: asyncio.Task[None] | None = None
        self._read_s = float("-inf")
        metrics.backup_due.set(due_s or 0.0)

    def refresh(self) -> None:
        """Begin to read the time again, at most once a minute; a scrape does not wait for the database."""
        if monotonic() - self._read_s > READ_EVERY_S:
            self._read_s = monotonic()
            self._task = asyncio.create_task(self._read(), name="last backup")

    async def _read(self) -> None:
        try:
            async with self._database.transaction() as session:
                succeeded_at = await last_success(session)
        except DatabaseUnavailable:
            self._read_s = float("-inf")
            return
        if succeeded_at is not None:
            self._metrics.backup_last_success.set(succeeded_at.timestamp())

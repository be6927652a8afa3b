"""An installation without networks: records in a database of its own, files in a folder of its own, and its backups."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from engines.postgres_dump import DumpTools
from gateway.auth.local_admin import command_line_admin
from gateway.backups.archive import Archive
from gateway.backups.backup import BackupResult, BackupWriter
from gateway.backups.restore import BackupRestorer
from gateway.database.connection import Database, libpq_url
from gateway.storage.blobs import Blobs
from gateway.storage.objects import Objects
from tests.integration.gateway.analyses.rows import new_scan

BY = command_line_admin("tester", "st-elsewhere")
CONTENTS = (b"", b"a study", b"another study" * 100_000)


@dataclass(frozen=True)
class Installation:
    """One database and one folder of files."""

    url: str
    folder: Path
    tools: type[DumpTools] = DumpTools

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Database]:
        database = Database(self.url)
        try:
            yield database
        finally:
            await database.close()

    @property
    def blobs(self) -> Blobs:
        return Blobs(self.folder)

    async def add_scans(self, *contents: bytes) -> None:
        """A scan for each content."""
        async with self.database() as database, database.transaction() as session:
            for content in contents:
                await self.blobs.store(_pieces(content))
                await new_scan(session, content)

    async def back_up(self, target: Path, keep: int | None = None) -> BackupResult:
        async with self.database() as database:
            writer = BackupWriter(database, self.tools(libpq_url(self.url)), Objects(self.folder), BY)
            return await writer.backup(Archive(str(target)), keep)

    @asynccontextmanager
    async def restorer(self) -> AsyncIterator[BackupRestorer]:
        async with self.database() as database:
            yield BackupRestorer(database, DumpTools(libpq_url(self.url)), Objects(self.folder), BY)

    async def has(self, content_sha256: str) -> int:
        return await self.blobs.size(content_sha256)


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def wait_one_second() -> None:
    """Backups are named by the second."""
    await asyncio.sleep(1.0)

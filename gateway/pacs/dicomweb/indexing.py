"""Indexing: each scan is read once for DICOMweb, in the background by one process, or when a search comes first.

What is read is derived from the upload: a scan that is deleted takes its rows and its files with it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import structlog

from gateway.database.connection import Database
from gateway.errors import ObjectMissing
from gateway.fairness.party import LOCAL, Party
from gateway.inference.engine import Deadline
from gateway.pacs.dicomweb.catalogue import StudySummary, upload_root
from gateway.pacs.dicomweb.catalogue_writing import write_catalogues
from gateway.pacs.dicomweb.store import index
from gateway.pacs.dicomweb.store.index import PendingScan
from gateway.records.blob_deletion import delete_unused_blobs
from gateway.screening.decode_workers import WorkerFault
from gateway.viewing.render_cache import RenderCache
from gateway.viewing.scan_access import OpenedScan
from gateway.viewing.single_flight import SingleFlight
from screening.coded_error import CodedError
from screening.errors import StudyError

log = structlog.get_logger(__name__)

INTERVAL_S: Final = 5.0  # between looks for new scans, while nobody searches
AT_ONCE: Final = 16  # scans that one search, or one look, reads
SEARCH_WAIT_S: Final = 20.0  # that a search waits for them


@dataclass(frozen=True)
class Indexing:
    """Reads the scans that are not in the index yet."""

    database: Database
    render_cache: RenderCache
    reads: SingleFlight[None] = field(default_factory=SingleFlight)
    running: set[asyncio.Task[bool]] = field(default_factory=set)

    async def update(self, institution: str, party: Party = LOCAL) -> int:
        """Read the newest unread scans of an institution; return how many are left because it would take too long."""
        reading = asyncio.create_task(self._read_some(institution, party))
        self.running.add(reading)  # it goes on when the search does not wait any more
        reading.add_done_callback(self._end)
        await asyncio.wait({reading}, timeout=SEARCH_WAIT_S)
        async with self.database.transaction() as session:
            return len(await index.pending(session, AT_ONCE, institution))

    async def read_again(self, opened: OpenedScan) -> None:
        """Read an opened scan once more, whose files are lost."""
        scan = PendingScan(opened.file.scan_id, opened.party.institution, opened.sha256)
        await self.reads.run(str(scan.scan_id), lambda: self._read(scan, opened.party))

    async def forever(self) -> None:
        """Read new scans of all institutions until cancelled; errors are logged."""
        while True:
            try:
                more = await self._read_some(None, LOCAL)
            except CodedError as error:
                more = False
                log.info("the index waits", error=error.code)
            except Exception:
                more = False
                log.exception("the index failed and goes on")
            await asyncio.sleep(0 if more else INTERVAL_S)

    def _end(self, reading: asyncio.Task[bool]) -> None:
        self.running.discard(reading)
        if not reading.cancelled() and (error := reading.exception()) is not None:
            log.info("the index was not read to its end", kind=type(error).__name__)

    async def _read_some(self, institution: str | None, party: Party) -> bool:
        """Read up to `AT_ONCE` scans; whether there may be more."""
        async with self.database.transaction() as session:
            scans = await index.pending(session, AT_ONCE, institution)
        read = self._read_if_free if institution is None else self._read
        for scan in scans:
            await self.reads.run(str(scan.scan_id), lambda scan=scan: read(scan, party))  # type: ignore[misc]
        return len(scans) == AT_ONCE

    async def _read_if_free(self, scan: PendingScan, party: Party) -> None:
        """Read a scan unless another process does: every gateway and worker looks for new ones."""
        async with self.database.transaction() as session:
            if not await index.claim(session, scan.scan_id):
                return
        try:
            await self._read(scan, party)
        except Exception:
            async with self.database.transaction() as session:
                await index.give_back(session, scan.scan_id)
            raise

    async def _read(self, scan: PendingScan, party: Party) -> None:
        try:
            studies, error = await self._studies(scan, party), None
        except (StudyError, ObjectMissing, WorkerFault) as fault:
            if isinstance(fault, StudyError) and fault.transient:
                raise
            studies, error = (), fault.code if isinstance(fault, CodedError) else "internal_error"
            log.info("a scan is not listed over DICOMweb", scan=str(scan.scan_id), error=error)
        async with self.database.transaction() as session:
            is_written = await index.replace(session, scan.scan_id, studies, error)
        if not is_written:  # the scan was deleted meanwhile, and what was read of it goes, too
            await delete_unused_blobs(self.database, self.render_cache.blobs, (scan.sha256,))

    async def _studies(self, scan: PendingScan, party: Party) -> Sequence[StudySummary]:
        cache = self.render_cache
        with TemporaryDirectory(dir=cache.scratch) as folder:
            scratch, target = Path(folder) / "scratch", Path(folder) / "catalogues"
            scratch.mkdir()
            target.mkdir()
            async with cache.blobs.local_path(scan.sha256, Path(folder)) as path:
                decode = cache.decode.shared_by(party, is_view=True)
                deadline = Deadline.after(cache.deadline_s)
                written = await decode.run(deadline, write_catalogues, path, scratch, cache.budgets, target)
            for name in written.files:
                await cache.blobs.put_derived_file(f"{upload_root(scan.sha256)}/{name}", target / name)
        return written.studies

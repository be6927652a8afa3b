"""Held studies: which scan answers for a study, what is listed of it, and where its bytes are."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from gateway.database.connection import Database
from gateway.errors import NotFound
from gateway.fairness.party import Party
from gateway.pacs.dicomweb.catalogue import Instance, Series, copies_key, instances_key, upload_root
from gateway.pacs.dicomweb.catalogue_cache import CatalogueCache
from gateway.pacs.dicomweb.indexing import Indexing
from gateway.pacs.dicomweb.result_series import ResultSeries
from gateway.pacs.dicomweb.store import search
from gateway.pacs.dicomweb.store.search import FoundStudy, Visibility
from gateway.permissions import Scope
from gateway.principal import Principal, RequestContext
from gateway.viewing.scan_access import OpenedScan, ScanAccess
from screening.intake.upload_members import Member

UNKNOWN: Final = "there is no such study, series or instance"


@dataclass(frozen=True)
class HeldSeries:
    """A series and the key under which its files lie."""

    series: Series
    root: str


@dataclass(frozen=True)
class HeldInstance:
    """An instance and the key under which the files of its series lie."""

    instance: Instance
    series: Series
    root: str


@dataclass(frozen=True)
class HeldStudy:
    """A study as the principal may see it; `warnings` say what is not listed."""

    opened: OpenedScan
    found: FoundStudy
    series: tuple[HeldSeries, ...] = field(repr=False)
    warnings: tuple[str, ...] = ()

    @property
    def uid(self) -> str:
        return self.found.uid

    def instances(self, series_uid: str | None = None, uid: str | None = None) -> tuple[HeldInstance, ...]:
        """Its instances, of one series, or one of them; raises NotFound when there is none."""
        found = tuple(self._instances(series_uid, uid))
        if not found:
            raise NotFound(UNKNOWN)
        return found

    def of_series(self, series_uid: str | None) -> tuple[HeldSeries, ...]:
        """Its series, or one of them; raises NotFound."""
        found = tuple(one for one in self.series if series_uid in (None, one.series.uid))
        if not found:
            raise NotFound(UNKNOWN)
        return found

    def _instances(self, series_uid: str | None, uid: str | None) -> Iterator[HeldInstance]:
        for held in self.series:
            if series_uid in (None, held.series.uid):
                for one in held.series.instances:
                    if uid in (None, one.uid):
                        yield HeldInstance(one, held.series, held.root)


def visibility(principal: Principal) -> Visibility:
    """What a principal may see; results hold the patient's name, so they need both scopes."""
    names = principal.sees_names
    return Visibility(principal.institution, names, names and principal.has_scope(Scope.REPORTS_READ))


@dataclass(frozen=True)
class HeldStudies:
    """Opens studies; each access is an audit event, as `ScanAccess` writes it."""

    database: Database
    access: ScanAccess
    indexing: Indexing
    results: ResultSeries
    catalogues: CatalogueCache

    async def open(
        self, principal: Principal, context: RequestContext, study_uid: str, what: str, *, make_results: bool = True
    ) -> HeldStudy:
        """The study of the newest scan that holds it; `what` is read of it. Raises NotFound.

        Result objects that were not made yet are made, unless `make_results` is False; then they are left out.
        """
        sees = visibility(principal)
        found = await self._find(sees, principal, study_uid)
        opened = await self.access.open(principal, context, found.scan_id, what, study_uid)
        root = upload_root(opened.sha256)
        series = [HeldSeries(one, root) for one in await self._catalogue(opened, study_uid, root)]
        warnings: tuple[str, ...] = ()
        if not sees.names:
            series = [one for one in series if one.series.is_ct]
        elif sees.results:
            made = await self.results.of_study(principal, context, found.scan_id, study_uid, make=make_results)
            series += [HeldSeries(one, made.root) for one in made.series]
            warnings = made.warnings
        return HeldStudy(opened, found, tuple(series), warnings)

    @asynccontextmanager
    async def member(self, study: HeldStudy, one: HeldInstance) -> AsyncIterator[Member]:
        """The bytes of an instance as a member of a local file."""
        cache, place = self.indexing.render_cache, one.instance.place
        end = place.offset + place.length
        with TemporaryDirectory(dir=cache.scratch) as folder:
            part = (
                cache.blobs.derived_part(copies_key(one.root), place.offset, end, Path(folder))
                if place.copied
                else cache.blobs.upload_part(study.opened.sha256, place.offset, end, Path(folder))
            )
            async with part as local:
                yield place.member(local.path, local.begin)

    async def _find(self, sees: Visibility, principal: Principal, study_uid: str) -> FoundStudy:
        for attempt in range(2):
            async with self.database.transaction() as session:
                found = await search.study(session, sees, study_uid)
            if found is not None:
                return found
            if attempt == 0:
                await self.indexing.update(principal.institution, Party.of(principal))
        raise NotFound(UNKNOWN)

    async def _catalogue(self, opened: OpenedScan, study_uid: str, root: str) -> Sequence[Series]:
        key, blobs = instances_key(root, study_uid), self.indexing.render_cache.blobs
        series = await self.catalogues.read(blobs, key)
        if series is None:  # derived data may be lost: they are made again
            await self.indexing.read_again(opened)
            series = await self.catalogues.read(blobs, key)
        if series is None:
            raise NotFound(UNKNOWN)
        return series

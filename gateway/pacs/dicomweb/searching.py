"""Searches (QIDO-RS): studies, series and instances as DICOM JSON. Each is an audit event with the ids of the scans."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from gateway.audit import audit_log
from gateway.database.connection import AsyncSession, Database
from gateway.errors import InvalidQuery, NotPermitted
from gateway.fairness.party import Party
from gateway.pacs.dicomweb.catalogue import Instance, Series
from gateway.pacs.dicomweb.dicom_json import Json, element, text_of
from gateway.pacs.dicomweb.held_studies import HeldStudies, HeldStudy, visibility
from gateway.pacs.dicomweb.search_query import Kind, Level, Match, SearchQuery, matches_text
from gateway.pacs.dicomweb.store import search
from gateway.pacs.dicomweb.store.search import FoundSeries, FoundStudy, Visibility
from gateway.pacs.dicomweb.without_names import kept, patient_of
from gateway.principal import Principal, RequestContext

MOST_STUDIES: Final = 50  # that one search of instances may look into
MOST_SERIES: Final = 1000
SEEN: Final = "DICOM search"
SERIES_SEEN: Final = "DICOM search of series"
T = TypeVar("T")
UriOf = Callable[..., str]


@dataclass(frozen=True)
class Matches:
    """The matches of a page; `warnings` go into the header Warning."""

    items: Sequence[Json]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Searching:
    """Searches what the principal may see. `uri_of` gives the URI of a study, of a series and of an instance of it."""

    database: Database
    held: HeldStudies

    async def studies(
        self, principal: Principal, context: RequestContext, query: SearchQuery, uri_of: UriOf
    ) -> Matches:
        """The studies, those of the newest scans first."""
        sees = _checked(principal, query)
        unread = await self._update(principal)
        async with self.database.transaction() as session:
            found = await search.studies(session, sees, query)
            await self._record(session, principal, context, found[: query.limit])
        items = [_study_json(one, sees, uri_of) for one in found[: query.limit]]
        return Matches(items, _warnings(query, len(found) > query.limit, unread))

    async def series(
        self, principal: Principal, context: RequestContext, query: SearchQuery, uri_of: UriOf, study_uid: str | None
    ) -> Matches:
        """The series, of all studies or of one; raises NotFound for a study that is not there."""
        sees = _checked(principal, query)
        if study_uid is not None:
            study = await self.held.open(principal, context, study_uid, SERIES_SEEN)
            own = [one.series for one in study.series if _matches_series(one.series, query)]
            page, more = _page([FoundSeries(study.found, one.summary) for one in own], query)
            warnings = (*_warnings(query, more, 0), *study.warnings)
        else:
            unread = await self._update(principal)
            async with self.database.transaction() as session:
                found = await search.series(session, sees, query)
                page, more = found[: query.limit], len(found) > query.limit
                await self._record(session, principal, context, [one.study for one in page])
            warnings = _warnings(query, more, unread)
        return Matches([_series_json(one, sees, uri_of) for one in page], warnings)

    async def instances(
        self,
        principal: Principal,
        context: RequestContext,
        query: SearchQuery,
        uri_of: UriOf,
        study_uid: str | None,
        series_uid: str | None,
    ) -> Matches:
        """The instances, of all studies, of one, or of one series; raises NotFound, and InvalidQuery for too many."""
        sees = _checked(principal, query)
        query = query.with_uids(SeriesInstanceUID=series_uid)
        uids = [study_uid] if study_uid else await self._studies_with(principal, sees, query)
        within = "series" if series_uid else "study" if study_uid else "list"
        seen, make = f"{SEEN} of instances in a {within}", study_uid is not None
        items: list[Json] = []
        warnings: tuple[str, ...] = ()
        for uid in uids:
            study = await self.held.open(principal, context, uid, seen, make_results=make)
            items += await asyncio.to_thread(_instances_json, study, query, sees, uri_of)
            warnings = study.warnings
        page, more = _page(items, query)
        return Matches(page, (*_warnings(query, more, 0), *(warnings if study_uid else ())))

    async def _studies_with(self, principal: Principal, sees: Visibility, query: SearchQuery) -> list[str]:
        """The studies that hold instances of the query, as far as the index says."""
        await self._update(principal)
        wanted = replace(query, limit=MOST_SERIES, offset=0)
        async with self.database.transaction() as session:
            found = await search.series(session, sees, wanted)
        studies = list(dict.fromkeys(one.study.uid for one in found))
        if len(found) > MOST_SERIES or len(studies) > MOST_STUDIES:
            raise InvalidQuery(f"this may be in more than {MOST_STUDIES} studies; name a study or a series")
        return studies

    async def _update(self, principal: Principal) -> int:
        return await self.held.indexing.update(principal.institution, Party.of(principal))

    async def _record(
        self, session: AsyncSession, principal: Principal, context: RequestContext, found: Iterable[FoundStudy]
    ) -> None:
        detail = {"ids": sorted({str(one.scan_id) for one in found}), "seen": SEEN}
        await audit_log.record(session, principal, audit_log.Action.READ, "scan", None, context, detail)


def _page(found: Sequence[T], query: SearchQuery) -> tuple[Sequence[T], bool]:
    """The part of the matches that is asked for, and whether there are more."""
    end = query.offset + query.limit
    return found[query.offset : end], len(found) > end


def _checked(principal: Principal, query: SearchQuery) -> Visibility:
    sees = visibility(principal)
    reason = None if sees.names else query.why_without_names()
    if reason:
        raise NotPermitted(reason)
    return sees


def _warnings(query: SearchQuery, more: bool, unread: int) -> tuple[str, ...]:
    """PS3.18 8.3.4.4: the client learns that there are more."""
    warnings = list(query.warnings)
    if more:
        warnings.append(f"there are more matches than {query.limit}; ask for them by offset")
    if unread:
        warnings.append("new scans are still being read and are not listed yet")
    return tuple(warnings)


def _study_json(one: FoundStudy, sees: Visibility, uri_of: UriOf) -> Json:
    return {
        **_study_attributes(one, sees),
        **element("InstanceAvailability", "CS", "ONLINE"),
        **element("ModalitiesInStudy", "CS", *one.modalities),
        **element("RetrieveURL", "UR", uri_of(one.uid)),
        **element("NumberOfStudyRelatedSeries", "IS", one.series),
        **element("NumberOfStudyRelatedInstances", "IS", one.instances),
    }


def _series_json(one: FoundSeries, sees: Visibility, uri_of: UriOf) -> Json:
    series = one.series
    return {
        **_study_attributes(one.study, sees),
        **(series.attributes if sees.names else kept(series.attributes)),
        **element("RetrieveURL", "UR", uri_of(one.study.uid, series.uid)),
        **element("NumberOfSeriesRelatedInstances", "IS", series.instances),
    }


def _study_attributes(one: FoundStudy, sees: Visibility) -> Json:
    if sees.names:
        return dict(one.attributes)
    return {**kept(one.attributes), **patient_of(one.pseudonym)}


def _instances_json(study: HeldStudy, query: SearchQuery, sees: Visibility, uri_of: UriOf) -> list[Json]:
    of_study = _study_attributes(study.found, sees)
    found: list[Json] = []
    for held in study.series:
        if not _matches_series(held.series, query):
            continue
        of_series = dict(held.series.attributes) if sees.names else kept(held.series.attributes)
        for one in held.series.instances:
            if _matches_instance(one, query):
                own = dict(one.attributes) if sees.names else kept(one.attributes)
                uri = element("RetrieveURL", "UR", uri_of(study.uid, held.series.uid, one.uid))
                found.append({**of_study, **of_series, **own, **element("InstanceAvailability", "CS", "ONLINE"), **uri})
    return found


def _matches_series(one: Series, query: SearchQuery) -> bool:
    return all(_fits(match, text_of(one.attributes, match.keyword)) for match in query.at(Level.SERIES))


def _matches_instance(one: Instance, query: SearchQuery) -> bool:
    return all(_fits(match, text_of(one.attributes, match.keyword)) for match in query.at(Level.INSTANCE))


def _fits(match: Match, text: str) -> bool:
    if match.kind in (Kind.UIDS, Kind.CODES):
        return text in match.values
    return matches_text(match.values[0], text, any_case=match.kind is Kind.NAME)

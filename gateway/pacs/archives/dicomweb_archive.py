"""An archive with QIDO-RS and WADO-RS (PS3.18 10.4 and 10.6). Instances are streamed to disk; none is in memory.

dicomweb-client would hold each instance in memory, write it anew, and take an answer that is cut off for a whole one.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final
from urllib.parse import urlencode

import httpx
from pydicom.datadict import tag_for_keyword
from starlette.exceptions import HTTPException

from gateway.http.multipart import parts_of
from gateway.pacs.archives.archive import SubOperations
from gateway.pacs.archives.errors import (
    ArchiveRefused,
    ArchiveUnavailable,
    ForeignInstance,
    InvalidAnswer,
    StudyIncomplete,
    StudyNotFetched,
    TooManyMatches,
)
from gateway.pacs.archives.instances import SeriesFolder
from gateway.pacs.archives.keys import (
    INSTANCE_KEYS,
    SERIES_KEYS,
    STUDY_KEYS,
    Values,
    found_series,
    found_study,
    sop_instance_uid,
    study_matches,
)
from gateway.pacs.archives.query import FoundSeries, FoundStudy, StudyQuery
from gateway.pacs.archives.request_schedule import RequestSchedule
from gateway.settings.archives import DicomwebArchiveSettings

PAGE: Final = 500
LARGEST_PAGE: Final = 64 * 2**20  # bytes; 500 studies take 0.5 MB
MOST_SERIES: Final = 10_000
MOST_INSTANCES: Final = 100_000
# `transfer-syntax=*`: as stored, not decompressed for us (PS3.18 8.7.3.5.2).
ACCEPT: Final = 'multipart/related; type="application/dicom"; transfer-syntax=*'


class DicomwebArchive:
    """An archive at the base URL of `client`."""

    def __init__(self, name: str, client: httpx.AsyncClient, schedule: RequestSchedule, at_once: int) -> None:
        self.name = name
        self.at_once = at_once
        self._client = client
        self._schedule = schedule

    async def studies(self, query: StudyQuery) -> list[FoundStudy]:
        matches = dict(study_matches(query))
        if query.study_uids:
            matches["StudyInstanceUID"] = ",".join(query.study_uids)  # PS3.18 8.3.4.1
        answers = self._search("studies", STUDY_KEYS, matches, query.most)
        return [study async for values in answers if (study := found_study(values))]

    async def series(self, study_uid: str) -> list[FoundSeries]:
        answers = self._search(f"studies/{study_uid}/series", SERIES_KEYS, {}, MOST_SERIES)
        found = [found_series(values) async for values in answers]
        return list({one.series_uid: one for one in found if one is not None}.values())

    async def count_instances(self, study_uid: str, series_uid: str) -> int:
        path = f"studies/{study_uid}/series/{series_uid}/instances"
        answers = self._search(path, INSTANCE_KEYS, {}, MOST_INSTANCES)
        return len({uid async for values in answers if (uid := sop_instance_uid(values))})

    async def retrieve(self, series: SeriesFolder) -> SubOperations | None:
        path = f"studies/{series.study_uid}/series/{series.series_uid}"
        await self._schedule.turn()
        with _transport_errors():
            async with self._client.stream("GET", path, headers={"Accept": ACCEPT}) as response:
                if response.status_code in (404, 410):
                    raise StudyNotFetched("the archive has no such series (any more)")
                _check_status(response)
                await _receive(response, series)
        return None

    async def answers(self) -> bool:
        try:
            with _transport_errors():
                response = await self._client.get("studies", params={"limit": "1"})
                _check_status(response)
        except (ArchiveUnavailable, ArchiveRefused, InvalidAnswer):
            return False
        return True

    async def _search(
        self, path: str, keys: tuple[str, ...], matches: Mapping[str, str], most: int
    ) -> AsyncIterator[Values]:
        """All pages of an answer. A server that knows no paging answers the same page again: no new match ends it."""
        fields = ",".join(f"{tag_for_keyword(keyword) or 0:08X}" for keyword in keys)
        seen: set[str] = set()
        offset = 0
        while True:
            page = await self._page(
                path, {**matches, "includefield": fields, "limit": str(PAGE), "offset": str(offset)}
            )
            new = [values for values in page if (uid := next(iter(values.get(keys[0], ())), "")) and uid not in seen]
            seen.update(values[keys[0]][0] for values in new)
            for values in new:
                yield values
            offset += len(page)
            if not new:
                return
            if len(seen) > most:
                raise TooManyMatches(f"the archive has more than {most} matches; narrow the query, or ask for more")

    async def _page(self, path: str, parameters: Mapping[str, str]) -> list[Values]:
        await self._schedule.turn()
        body = bytearray()
        with _transport_errors():
            headers = {"Accept": "application/dicom+json"}
            # Orthanc takes `%2C` for a part of a value, not for the comma between two.
            url = f"{path}?{urlencode(parameters, safe=',')}"
            async with self._client.stream("GET", url, headers=headers) as response:
                if response.status_code == 204:
                    return []
                _check_status(response)
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > LARGEST_PAGE:
                        raise InvalidAnswer(f"the archive answers a search with more than {LARGEST_PAGE} bytes")
        return [_values(answer, STUDY_KEYS + SERIES_KEYS + INSTANCE_KEYS) for answer in _answers(bytes(body))]


@asynccontextmanager
async def open_dicomweb_archive(
    name: str, settings: DicomwebArchiveSettings, authentication: httpx.Auth | None, schedule: RequestSchedule
) -> AsyncIterator[DicomwebArchive]:
    """The archive; its connections are closed when the block ends."""
    async with httpx.AsyncClient(
        base_url=settings.url,
        auth=authentication,
        timeout=settings.timeout_s,
        verify=ssl.create_default_context(cafile=settings.tls_ca),
        trust_env=False,
    ) as client:
        yield DicomwebArchive(name, client, schedule, settings.at_once)


async def _receive(response: httpx.Response, series: SeriesFolder) -> None:
    """Write the parts of an answer into the folder; raises ForeignInstance and StudyIncomplete."""
    content_type = response.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "multipart/related":
        raise ForeignInstance("the archive answers a retrieval with something else than multipart/related")
    try:
        async for part in parts_of(response.aiter_bytes(), content_type):
            path = series.incoming()
            with path.open("wb") as file:
                async for chunk in part.chunks:
                    await asyncio.to_thread(file.write, chunk)
            await asyncio.to_thread(series.take, path)
    except HTTPException as error:  # the multipart body is malformed, or ends before its last boundary
        raise StudyIncomplete(f"{error.detail}; {series.count} instances of the series came before") from None
    except httpx.RemoteProtocolError:
        raise StudyIncomplete(f"the answer was cut off; {series.count} instances of the series came before") from None


def _check_status(response: httpx.Response) -> None:
    status = response.status_code
    if status in (200, 206):
        return
    if status in (401, 403):
        raise ArchiveRefused(f"the archive refuses the login ({status}): check user, password_variable, token_variable")
    if status == 429 or status >= 500:
        raise ArchiveUnavailable(f"the archive answers {status}")
    raise InvalidAnswer(f"the archive answers {status}: check the URL, and whether it has this service")


@contextmanager
def _transport_errors() -> Iterator[None]:
    """No connection and no answer become ArchiveUnavailable, without the text of the error: it may hold a query."""
    try:
        yield
    except httpx.TransportError as error:
        raise ArchiveUnavailable(f"the archive cannot be reached, or is silent ({type(error).__name__})") from None
    except httpx.DecodingError:
        raise InvalidAnswer("the archive sends a content coding that cannot be read") from None


def _answers(body: bytes) -> list[Any]:
    if not body.strip():
        return []
    try:
        answers = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidAnswer("the archive answers a search with something else than JSON") from None
    if not isinstance(answers, list):
        raise InvalidAnswer("the archive answers a search with something else than a list")
    return answers


def _values(answer: Any, keywords: tuple[str, ...]) -> Values:
    """The values of these attributes in the DICOM JSON Model (PS3.18 F.2); others are left out."""
    if not isinstance(answer, dict):
        return {}
    found = {keyword: answer.get(f"{tag_for_keyword(keyword) or 0:08X}") for keyword in keywords}
    return {
        keyword: [str(value).strip(" \0") for value in attribute["Value"] if isinstance(value, str | int)]
        for keyword, attribute in found.items()
        if isinstance(attribute, dict) and isinstance(attribute.get("Value"), list)
    }

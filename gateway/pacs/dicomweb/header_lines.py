"""The headers of a study as one JSON array, read and written some at a time."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable, Iterator
from io import BytesIO
from itertools import islice
from typing import Final

from gateway.errors import NotFound, ObjectMissing
from gateway.pacs.dicomweb.catalogue import Series, headers_key
from gateway.pacs.dicomweb.dicom_json import Json, json_text
from gateway.pacs.dicomweb.held_studies import UNKNOWN, HeldSeries
from gateway.storage.blobs import Blobs

LINES: Final = 50  # headers that are in memory at once
Changed = Callable[[Series, str, Json], Json]  # with the series and the SOP Instance UID


async def header_array(
    blobs: Blobs, study_uid: str, series: tuple[HeldSeries, ...], uid: str | None, changed: Changed
) -> AsyncIterator[bytes]:
    """The headers of these series, or of one instance, each as `changed` gives it; raises NotFound, ObjectMissing."""
    separator = b"["
    for held in series:
        lines = await _lines(blobs, study_uid, held, uid)
        while some := await asyncio.to_thread(_some, lines, held.series, changed):
            yield separator + b",".join(some)
            separator = b","
    if separator == b"[":
        raise NotFound(UNKNOWN)
    yield b"]"


async def _lines(blobs: Blobs, study_uid: str, held: HeldSeries, uid: str | None) -> Iterator[tuple[str, bytes]]:
    packed = await blobs.get_derived(headers_key(held.root, study_uid, held.series.uid))
    if packed is None:
        raise ObjectMissing("the headers of this series are not in the store")
    uids = (one.uid for one in held.series.instances)
    pairs = zip(uids, gzip.GzipFile(fileobj=BytesIO(packed)), strict=False)
    return ((own, line) for own, line in pairs if uid in (None, own))


def _some(lines: Iterator[tuple[str, bytes]], series: Series, changed: Changed) -> list[bytes]:
    return [_dumped(changed(series, uid, json.loads(line))) for uid, line in islice(lines, LINES)]


def _dumped(header: Json) -> bytes:
    return json_text(header).encode()

"""The DICOM JSON Model (PS3.18 F): names of elements, values of a header, links to bulk data."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final

from pydicom.datadict import tag_for_keyword

Json = dict[str, Any]

_COMPACT: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)
BULK_DATA: Final = "BulkDataURI"
_PIXEL_DATA: Final = ("7FE00008", "7FE00009", "7FE00010")


@cache
def tag_of(keyword: str) -> str:
    """The eight hexadecimal digits of an element, as DICOM JSON names it; raises LookupError."""
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise LookupError(keyword)
    return f"{tag:08X}"


def json_text(value: object) -> str:
    """Compact JSON; raises ValueError for a number that is none (NaN)."""
    return _COMPACT.encode(value)


def json_lines(headers: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The compact JSON of each header; an element that is one object in many of them is written once."""
    texts: dict[int, str] = {}  # by the identity of the elements, which live as long as `headers`
    for header in headers:
        for element in header.values():
            if id(element) not in texts:
                texts[id(element)] = json_text(element)
        yield "{" + ",".join(f'"{tag}":{texts[id(element)]}' for tag, element in header.items()) + "}"


def with_links(header: Mapping[str, Any], uri_of: Callable[[str], str]) -> Json:
    """The same elements, with the URI of each bulk value; `uri_of` takes the tag."""
    return {
        tag: {**element, BULK_DATA: uri_of(tag)} if BULK_DATA in element else element for tag, element in header.items()
    }


def chosen(header: Mapping[str, Any], keywords: Iterable[str]) -> Json:
    """The elements of these keywords that are there."""
    tags = [tag_of(keyword) for keyword in keywords]
    return {tag: header[tag] for tag in tags if tag in header}


def text_of(header: Mapping[str, Any], keyword: str) -> str:
    """The first value as text, "" when there is none; of a name its alphabetic group."""
    values = header.get(tag_of(keyword), {}).get("Value") or [""]
    first = values[0]
    if isinstance(first, Mapping):
        first = first.get("Alphabetic", "")
    return "" if first is None else str(first)


def element(keyword: str, vr: str, *values: Any) -> Json:
    """One element as JSON, by its tag; without values it is empty."""
    return {tag_of(keyword): {"vr": vr, "Value": list(values)} if values else {"vr": vr}}

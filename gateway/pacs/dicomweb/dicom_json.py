"""Headers in the DICOM JSON Model (PS3.18 F), with long binary values left out and linked as bulk data."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from screening.dicom.part10 import FileHeader
from screening.dicom.pydicom_logging import PARSE_ERRORS, suppress_pydicom_warnings

Json = dict[str, Any]

LONGEST_INLINE: Final = 1024  # bytes of a binary value within the JSON
BULK_DATA: Final = "BulkDataURI"
UTF_8: Final = "ISO_IR 192"  # PS3.18 F.2: the JSON is UTF-8
_BINARY: Final = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
_PIXEL_DATA: Final = ("7FE00008", "7FE00009", "7FE00010")


def tag_of(keyword: str) -> str:
    """The eight hexadecimal digits of an element, as DICOM JSON names it; raises LookupError."""
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise LookupError(keyword)
    return f"{tag:08X}"


def header_json(head: FileHeader) -> Json:
    """The elements of a header; a value that is none of its VR is left out.

    Long binary values of the root and the pixel data have an empty BulkDataURI, for `with_links` to fill.
    """
    raw = {tag: head.dataset.get_item(tag) for tag in sorted(head.dataset.keys())}
    bulky = {tag: one for tag, one in raw.items() if _is_bulky(one)}
    with suppress_pydicom_warnings():
        header = _elements(head.dataset, {tag: one for tag, one in raw.items() if tag not in bulky})
    header |= {f"{tag:08X}": {"vr": one.VR, BULK_DATA: ""} for tag, one in bulky.items()}
    if head.pixels is not None:
        header["7FE00010"] = {"vr": "OW", BULK_DATA: ""}
    header["00080005"] = {"vr": "CS", "Value": [UTF_8]}
    header["00083002"] = {"vr": "UI", "Value": [head.transfer_syntax]}  # Available Transfer Syntax UID
    return dict(sorted(header.items()))


def _is_bulky(raw: Any) -> bool:
    return raw.VR in _BINARY and isinstance(raw.value, bytes) and len(raw.value) > LONGEST_INLINE


def _elements(dataset: Dataset, raw: Mapping[Any, Any]) -> Json:
    """All of them at once; where that fails, each on its own, without those that fail."""
    header = _json(dataset, raw, strict=False)
    if header is not None:
        return header
    header = {}
    for tag, one in raw.items():
        # pydicom's strict reading leaves out what is merely too long, so it comes second
        header |= _json(dataset, {tag: one}, strict=False) or _json(dataset, {tag: one}, strict=True) or {}
    return header


def _json(dataset: Dataset, raw: Mapping[Any, Any], *, strict: bool) -> Json | None:
    """None where an element is no value of its VR, or a number that JSON does not have."""
    own = Dataset()  # decoded within the header, the bytes would be lost to other readers
    implicit, little_endian = dataset.original_encoding
    try:
        own.set_original_encoding(implicit, little_endian, dataset.original_character_set)
        for tag, one in raw.items():
            own[tag] = one
        header: Json = own.to_json_dict(suppress_invalid_tags=strict)
        json_text(header)
    except PARSE_ERRORS:
        return None
    return header


def json_text(value: object) -> str:
    """Compact JSON; raises ValueError for a number that is none (NaN)."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


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

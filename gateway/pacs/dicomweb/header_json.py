"""Headers in the DICOM JSON Model (PS3.18 F), with long binary values left out and linked as bulk data.

Nearly all elements of a series are the same in every slice, so each is converted once: of 168 slices with 90 elements
each 15,120 conversions, most of a scan's second reading, become 2,000.
"""

from collections.abc import Hashable, Mapping
from typing import Any, Final

from pydicom.dataset import Dataset

from gateway.pacs.dicomweb.dicom_json import BULK_DATA, Json, json_text
from screening.dicom.part10 import FileHeader
from screening.dicom.pydicom_logging import PARSE_ERRORS, suppress_pydicom_warnings

LONGEST_INLINE: Final = 1024  # bytes of a binary value within the JSON
UTF_8: Final = "ISO_IR 192"  # PS3.18 F.2: the JSON is UTF-8
_BINARY: Final = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
_BY_ANOTHER: Final = frozenset({None, "UN", "SQ", "OB or OW", "US or OW", "US or SS", "US or SS or OW"})  # VRs

Raw = Mapping[Any, Any]


class HeaderConverter:
    """Converts the headers of one upload."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Json] = {}

    def json_of(self, head: FileHeader) -> Json:
        """The elements of a header; a value that is none of its VR is left out.

        Long binary values of the root and the pixel data have an empty BulkDataURI, for `with_links` to fill. Equal
        elements of several headers are one object.
        """
        raw = {tag: head.dataset.get_item(tag) for tag in sorted(head.dataset.keys())}
        bulky = {tag: one for tag, one in raw.items() if _is_bulky(one)}
        with suppress_pydicom_warnings():
            header = self._elements(head.dataset, {tag: one for tag, one in raw.items() if tag not in bulky})
        header |= {f"{tag:08X}": {"vr": one.VR, BULK_DATA: ""} for tag, one in bulky.items()}
        if head.pixels is not None:
            header["7FE00010"] = {"vr": "OW", BULK_DATA: ""}
        header["00080005"] = {"vr": "CS", "Value": [UTF_8]}
        header["00083002"] = {"vr": "UI", "Value": [head.transfer_syntax]}  # Available Transfer Syntax UID
        return dict(sorted(header.items()))

    def _elements(self, dataset: Dataset, raw: Raw) -> Json:
        context = {tag: one for tag, one in raw.items() if _decides_others(tag)}
        encoding = (*dataset.original_encoding, str(dataset.original_character_set))
        surroundings = _surroundings(context)
        keys = {tag: _key(one, encoding, surroundings) for tag, one in raw.items()}
        header: Json = {}
        new = {}
        for tag, one in raw.items():
            known = self._known.get(keys[tag])
            if known is None:
                new[tag] = one
            else:
                header |= known
        beside = context if any(map(_depends, new.values())) else {}
        converted = _converted(dataset, beside | new) if new else {}
        for tag in new:
            name = f"{tag:08X}"
            own = {name: converted[name]} if name in converted else {}
            header |= own
            if keys[tag] is not None:
                self._known[keys[tag]] = own
        return header


def _is_bulky(raw: Any) -> bool:
    return raw.VR in _BINARY and isinstance(raw.value, bytes) and len(raw.value) > LONGEST_INLINE


def _decides_others(tag: Any) -> bool:
    """Whether the meaning of other elements depends on it: private creators, and what tells how pixels are stored."""
    is_of_pixels = tag.group == 0x0028 and not 0x0106 <= tag.element < 0x1100
    return bool(tag.is_private_creator or is_of_pixels or tag == 0x00080005)


def _surroundings(context: Raw) -> Hashable:
    """What those are; None where one was read already, so that its bytes are lost."""
    if all(isinstance(one.value, bytes) for one in context.values()):
        return tuple((tag, one.VR, one.value) for tag, one in context.items())
    return None


def _depends(raw: Any) -> bool:
    """Whether its meaning depends on those."""
    return raw.VR in _BY_ANOTHER or raw.tag.is_private


def _key(raw: Any, encoding: Hashable, surroundings: Hashable) -> Hashable:
    """What the element's JSON depends on; None where that is not known whole, and the element is converted again.

    Waveforms and overlays depend on elements beside them that vary.
    """
    if not isinstance(raw.value, bytes) or 0x5000 <= raw.tag.group < 0x7000:
        return None
    if not _depends(raw):
        return raw.tag, raw.VR, raw.value, encoding
    return None if surroundings is None else (raw.tag, raw.VR, raw.value, encoding, surroundings)


def _converted(dataset: Dataset, raw: Raw) -> Json:
    """All of them at once; where that fails, each on its own, without those that fail."""
    header = _json(dataset, raw, strict=False)
    if header is not None:
        return header
    header = {}
    for tag, one in raw.items():
        # pydicom's strict reading leaves out what is merely too long, so it comes second
        header |= _json(dataset, {tag: one}, strict=False) or _json(dataset, {tag: one}, strict=True) or {}
    return header


def _json(dataset: Dataset, raw: Raw, *, strict: bool) -> Json | None:
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

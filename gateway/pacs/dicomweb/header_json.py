"""Headers in the DICOM JSON Model (PS3.18 F), with long binary values left out and linked as bulk data.

Nearly all elements of a series are the same in every slice, so each is converted once: of 168 slices with 90 elements
each 15,120 conversions, most of a scan's second reading, become 2,000, and nearly all of those are of plain values.
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from gateway.pacs.dicomweb.dicom_json import BULK_DATA, Json, json_text
from gateway.pacs.dicomweb.element_content import content_of, decides_others, depends_on_others, encoding_of, vr_of
from gateway.pacs.dicomweb.plain_values import plain_json
from screening.dicom.part10 import FileHeader
from screening.dicom.pydicom_logging import PARSE_ERRORS, suppress_pydicom_warnings

LONGEST_INLINE: Final = 1024  # bytes of a binary value within the JSON
UTF_8: Final = "ISO_IR 192"  # PS3.18 F.2: the JSON is UTF-8
_BINARY: Final = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})

Raw = Mapping[BaseTag, Any]
Known = dict[Hashable, Json]  # by content


class HeaderConverter:
    """Converts the headers of one upload."""

    def __init__(self) -> None:
        self._known: defaultdict[Hashable, Known] = defaultdict(dict)

    def json_of(self, head: FileHeader) -> Json:
        """The elements of a header; a value that is none of its VR is left out.

        Long binary values of the root and the pixel data have an empty BulkDataURI, for `with_links` to fill. Equal
        elements of several headers are one object.
        """
        with suppress_pydicom_warnings():
            raw = _raw_elements(head.dataset)
            bulky = {tag: raw.pop(tag) for tag in [tag for tag, one in raw.items() if _is_bulky(one)]}
            header = self._elements(head.dataset, raw)
        header |= {f"{tag:08X}": {"vr": one.VR, BULK_DATA: ""} for tag, one in bulky.items()}
        if head.pixels is not None:
            header["7FE00010"] = {"vr": "OW", BULK_DATA: ""}
        header["00080005"] = {"vr": "CS", "Value": [UTF_8]}
        header["00083002"] = {"vr": "UI", "Value": [head.transfer_syntax]}  # Available Transfer Syntax UID
        return dict(sorted(header.items()))

    def _elements(self, dataset: Dataset, raw: Raw) -> Json:
        context = {tag: one for tag, one in raw.items() if decides_others(tag)}
        alone, beside = self._known_in(encoding_of(dataset), tuple(map(content_of, context.values())))
        header: Json = {}
        new = {}
        for tag, one in raw.items():
            known = beside if depends_on_others(tag, one.VR) else alone
            content = _content(tag, one)
            own = known.get(content)
            if own is None and content is not None and (own := _plain(tag, one)) is not None:
                known[content] = own
            if own is None:
                new[tag] = _New(one, content, known)
            else:
                header |= own
        return header | _converted(dataset, context, new) if new else header

    def _known_in(self, encoding: Hashable, surroundings: tuple[Hashable, ...]) -> tuple[Known, Known]:
        """What is known of elements that depend on nothing but the encoding, and of those with these surroundings."""
        return self._known[encoding], {} if None in surroundings else self._known[encoding, surroundings]


class _New(NamedTuple):
    """An element that is to be converted, and where its JSON is kept: in what is known, under its content."""

    element: Any
    content: Hashable
    known: Known


def _raw_elements(dataset: Dataset) -> dict[BaseTag, Any]:
    """The elements by their tags, in order; an empty one is decoded, for its VR may depend on others."""
    in_order = sorted(dataset.items(), key=lambda pair: int(pair[0]))
    return {tag: one if one.value is not None else _decoded(dataset, tag) for tag, one in in_order}


def _decoded(dataset: Dataset, tag: BaseTag) -> Any:
    """An empty element with its VR; as it was read where no VR can be told."""
    try:
        return dataset.get_item(tag)
    except PARSE_ERRORS:
        return dataset.get_item(tag, keep_deferred=True)


def _is_bulky(raw: Any) -> bool:
    return raw.VR in _BINARY and isinstance(raw.value, bytes) and len(raw.value) > LONGEST_INLINE


def _content(tag: BaseTag, one: Any) -> Hashable:
    """Waveforms and overlays are converted again each time: they depend on elements beside them that vary."""
    return None if 0x5000 <= tag >> 16 < 0x7000 else content_of(one)


def _plain(tag: BaseTag, one: Any) -> Json | None:
    if not isinstance(one, RawDataElement) or one.value is None:
        return None
    value = plain_json(vr_of(tag, one.VR), one.value, little_endian=one.is_little_endian)
    return value and {f"{tag:08X}": value}


def _converted(dataset: Dataset, context: Raw, new: Mapping[BaseTag, _New]) -> Json:
    """Each of them beside what decides it, and alone where that fails; without those that fail alone, too."""
    own = _empty_like(dataset)
    for tag, one in {**context, **{tag: one.element for tag, one in new.items()}}.items():
        with suppress(*PARSE_ERRORS):  # private elements are decoded at once
            own[tag] = one
    header: Json = {}
    for tag, (element, content, known) in new.items():
        # pydicom's strict reading leaves out what is merely too long, so it comes last
        converted = _beside(own, tag) or _alone(dataset, element, strict=False) or _alone(dataset, element, strict=True)
        header |= converted
        if content is not None:
            known[content] = converted
    return header


def _empty_like(dataset: Dataset) -> Dataset:
    """A place to decode elements in: within the header, their bytes would be lost to other readers."""
    own = Dataset()
    implicit, little_endian = dataset.original_encoding
    own.set_original_encoding(implicit, little_endian, dataset.original_character_set)
    return own


def _beside(own: Dataset, tag: BaseTag) -> Json:
    """Empty where an element is no value of its VR, or a number that JSON does not have."""
    try:
        value = own[tag].to_json_dict(bulk_data_element_handler=None, bulk_data_threshold=LONGEST_INLINE)
        json_text(value)
    except PARSE_ERRORS:
        return {}
    return {f"{tag:08X}": value}


def _alone(dataset: Dataset, element: Any, *, strict: bool) -> Json:
    own = _empty_like(dataset)
    try:
        own[element.tag] = element
        header: Json = own.to_json_dict(suppress_invalid_tags=strict)
        json_text(header)
    except PARSE_ERRORS:
        return {}
    return header

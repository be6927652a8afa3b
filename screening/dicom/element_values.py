"""Values of DICOM elements, read from their bytes.

An invalid value becomes NaN, None or ""; no warning quotes it, since it may identify a patient.
"""

import math
import re
import struct
from functools import cache
from typing import Any, Final

from pydicom.charset import default_encoding
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_sequence
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag

from screening.dicom.bounded_reading import HeaderReads
from screening.dicom.pydicom_logging import PARSE_ERRORS, suppress_pydicom_warnings
from screening.dicom.shared_tags import shared_tag
from screening.errors import BrokenDicom

_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?")
_SEQUENCES: Final = ("SQ", "UN", None)  # None: implicit VR; PS3.5 6.2.2: a sequence may have been sent as UN
_INTEGERS = {2: "hH", 4: "iI"}  # by bytes of a binary value: signed, unsigned


class Elements:
    """The elements of a slice, searched in order: per-frame functional groups, shared ones, the data set's root.

    PS3.3 C.7.6.16: a multi-frame header holds in functional groups what a single-frame one holds at its root.
    """

    def __init__(self, *layers: Dataset, reads: HeaderReads | None = None) -> None:
        """`reads` are for the sequences of these elements."""
        self._layers = layers
        self._reads = reads or HeaderReads(0)

    def text(self, keyword: str) -> str:
        """The value without padding, "" when absent or empty; a byte beyond ASCII becomes U+FFFD."""
        return self._bytes(keyword).decode("ascii", "replace").strip(" \0")

    def texts(self, keyword: str) -> tuple[str, ...]:
        """The values of a multi-valued element, () when absent or empty."""
        value = self.text(keyword)
        return tuple(part.strip() for part in value.split("\\")) if value else ()

    def decimals(self, keyword: str) -> tuple[float, ...]:
        """Decimal strings (DS) as numbers; NaN for one that is not a number."""
        return tuple(_number(part) for part in self.texts(keyword))

    def decimal(self, keyword: str, absent: float) -> float:
        """The first decimal string as a number, `absent` when there is none."""
        values = self.decimals(keyword)
        return values[0] if values else absent

    def integers(self, keyword: str, signed: bool = False) -> tuple[int, ...]:
        """The values of a multi-valued element of 2 bytes each (US, SS), () when absent."""
        value, little_endian = self._find(keyword) or (b"", True)
        count = len(value) // 2
        return struct.unpack(f"{'<' if little_endian else '>'}{count}{'h' if signed else 'H'}", value[: 2 * count])

    def data(self, keyword: str) -> tuple[bytes, bool]:
        """The bytes of an element, and whether numbers in it are little endian."""
        return self._find(keyword) or (b"", True)

    def items(self, keyword: str) -> tuple["Elements", ...]:
        """The items of a sequence of the first layer that has it; raises BrokenDicom."""
        found = (sequence_items(layer, keyword, self._reads) for layer in self._layers)
        return tuple(Elements(item, reads=self._reads) for item in next((items for items in found if items), ()))

    def integer(self, keyword: str, signed: bool = False) -> int | None:
        """An integer of 2 or 4 bytes (US, SS, UL, SL); None when absent or of another length."""
        element = self._find(keyword)
        if element is None:
            return None
        value, little_endian = element
        if len(value) not in _INTEGERS:
            return None
        code = _INTEGERS[len(value)][0 if signed else 1]
        return int(struct.unpack(("<" if little_endian else ">") + code, value)[0])

    def _bytes(self, keyword: str) -> bytes:
        element = self._find(keyword)
        return element[0] if element else b""

    def _find(self, keyword: str) -> tuple[bytes, bool] | None:
        tag = _tag(keyword)
        for layer in self._layers:
            element = layer.get_item(tag, keep_deferred=True)  # None when absent
            value = getattr(element, "value", None)
            if isinstance(value, bytes):
                return value, bool(getattr(element, "is_little_endian", True))
        return None


def sequence_items(dataset: Dataset, keyword: str, reads: HeaderReads) -> tuple[Dataset, ...]:
    """The items of a sequence (SQ); () when it is absent or another type.

    Raises BrokenDicom when it cannot be read, OverBudget when it has more items than `reads` allow.
    """
    element: Any = dataset.get_item(_tag(keyword), keep_deferred=True)
    if element is None:
        return ()
    try:
        with suppress_pydicom_warnings():
            if isinstance(element, RawDataElement) and element.VR in _SEQUENCES:
                return tuple(_items(element, element.value or b"", reads))
            value = dataset[element.tag].value
    except PARSE_ERRORS:
        reads.check()
        raise BrokenDicom("A DICOM file has a sequence that cannot be read.") from None
    return tuple(value) if isinstance(value, Sequence) else ()


def _items(element: RawDataElement, value: bytes, reads: HeaderReads) -> Sequence:
    implicit, little_endian = element.is_implicit_VR, element.is_little_endian
    return read_sequence(reads.reader(value), implicit, little_endian, len(value), default_encoding)


@cache
def _tag(keyword: str) -> BaseTag:
    return shared_tag(int(Tag(keyword)))


def _number(text: str) -> float:
    if _DECIMAL_COMMA.fullmatch(text):  # PS3.5 6.2 knows a point alone; writers in some languages use a comma
        text = text.replace(",", ".")
    try:
        return float(text)
    except ValueError:
        return math.nan

"""Values of DICOM elements, read from their bytes.

An invalid value becomes NaN, None or ""; no warning quotes it, since it may identify a patient.
"""

import math
import re
import struct
from collections.abc import Iterator
from functools import cache

from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag

from screening.dicom.pydicom_logging import PARSE_ERRORS, suppress_pydicom_warnings
from screening.errors import BrokenDicom

_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?")
_INTEGERS = {2: "hH", 4: "iI"}  # by bytes of a binary value: signed, unsigned


class Elements:
    """The elements of a slice, searched in order: per-frame functional groups, shared ones, the data set's root.

    PS3.3 C.7.6.16: a multi-frame header holds in functional groups what a single-frame one holds at its root.
    """

    def __init__(self, *layers: Dataset) -> None:
        self._layers = layers

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
        found = (sequence_items(layer, keyword) for layer in self._layers)
        return tuple(Elements(item) for item in next((items for items in found if items), ()))

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
            element = layer.get_item(tag)  # None when absent
            value = getattr(element, "value", None)
            if isinstance(value, bytes):
                return value, bool(getattr(element, "is_little_endian", True))
        return None


def sequence_items(dataset: Dataset, keyword: str) -> tuple[Dataset, ...]:
    """The items of a sequence (SQ); () when it is absent or another type. Raises BrokenDicom when unreadable."""
    tag = _tag(keyword)
    if tag not in dataset:
        return ()
    try:
        with suppress_pydicom_warnings():
            value = dataset[tag].value
    except PARSE_ERRORS:
        raise BrokenDicom("A DICOM file has a sequence that cannot be read.") from None
    return tuple(_datasets(value))


def _datasets(value: object) -> Iterator[Dataset]:
    if isinstance(value, list) or hasattr(value, "__iter__"):
        yield from (item for item in value if isinstance(item, Dataset))


@cache
def _tag(keyword: str) -> BaseTag:
    return Tag(keyword)


def _number(text: str) -> float:
    if _DECIMAL_COMMA.fullmatch(text):  # PS3.5 6.2 knows a point alone; writers in some languages use a comma
        text = text.replace(",", ".")
    try:
        return float(text)
    except ValueError:
        return math.nan

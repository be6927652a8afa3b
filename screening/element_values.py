"""Element values read from their bytes: a wrong value becomes NaN, None or "", never a warning that quotes it."""

import math
import struct
from collections.abc import Iterator
from functools import cache

from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag

from screening.errors import BrokenDicom
from screening.pydicom_logging import PARSE_ERRORS, quiet_pydicom

_INTEGERS = {2: "hH", 4: "iI"}  # by bytes of a binary value: signed, unsigned


class Elements:
    """Layers of a header searched in order: a frame's own functional groups, the shared ones, the data set itself.

    PS3.3 C.7.6.16: a multi-frame header keeps in macros what a classic one keeps at its root.
    """

    def __init__(self, *layers: Dataset) -> None:
        self._layers = layers

    def text(self, keyword: str) -> str:
        """The value without padding, "" when absent or empty; not ASCII becomes "?"."""
        return self._bytes(keyword).decode("ascii", "replace").strip(" \0")

    def texts(self, keyword: str) -> tuple[str, ...]:
        """The values of a list, () when absent or empty."""
        value = self.text(keyword)
        return tuple(part.strip() for part in value.split("\\")) if value else ()

    def decimals(self, keyword: str) -> tuple[float, ...]:
        """Decimal strings as numbers; one that is no number is NaN."""
        return tuple(_number(part) for part in self.texts(keyword))

    def decimal(self, keyword: str, absent: float) -> float:
        """The first number, `absent` when there is none."""
        values = self.decimals(keyword)
        return values[0] if values else absent

    def integer(self, keyword: str, signed: bool = False) -> int | None:
        """A binary US or SS; None when absent or not of 2 or 4 bytes."""
        element = self._find(keyword)
        if element is None:
            return None
        value, little_endian = element
        if len(value) not in _INTEGERS:
            return None
        kind = _INTEGERS[len(value)][0 if signed else 1]
        return int(struct.unpack(("<" if little_endian else ">") + kind, value)[0])

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
    """The items of a sequence of `dataset`; () when it is absent or no sequence. Raises BrokenDicom."""
    tag = _tag(keyword)
    if tag not in dataset:
        return ()
    try:
        with quiet_pydicom():
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
    try:
        return float(text)
    except ValueError:
        return math.nan

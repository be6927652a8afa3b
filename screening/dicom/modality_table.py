"""Modality LUT: a table in the place of Rescale Slope and Intercept (PS3.3 C.11.1)."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MOST_ENTRIES = 1 << 16  # LUT Descriptor holds 16 bits; 0 stands for all of them


@dataclass(frozen=True)
class ModalityTable:
    """`entries`, int32 as bytes, for stored values from `first` on; the first and last entry hold below and above.

    Bytes, for there is a table in every slice of a series.
    """

    first: int
    entries: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not 4 <= len(self.entries) <= 4 * _MOST_ENTRIES:
            raise ValueError("a table has 1 to 65536 entries")

    @classmethod
    def of(cls, descriptor: tuple[int, ...], data: bytes, *, little_endian: bool = True) -> "ModalityTable | None":
        """The table of LUT Descriptor (entries, first value, bits) and LUT Data; None where they do not agree."""
        if len(descriptor) != 3:
            return None
        count, first, bits = descriptor
        count = count or _MOST_ENTRIES
        size = 1 if bits <= 8 and len(data) in (count, count + count % 2) else 2  # C.11.1.1.1: 8 bits may take 16
        if not 1 <= bits <= 16 or len(data) < count * size:
            return None
        values = np.frombuffer(data, f"{'<' if little_endian else '>'}u{size}", count)
        return cls(first, _with_sign(values).astype("<i4").tobytes())

    def applied(self, stored: NDArray[Any]) -> NDArray[np.float32]:
        """The table's values of `stored`."""
        table = np.frombuffer(self.entries, "<i4").astype(np.float32)
        return np.asarray(table[np.clip(stored.astype(np.int64) - self.first, 0, len(table) - 1)], np.float32)


def _with_sign(values: NDArray[Any]) -> NDArray[Any]:
    """Entries have no Pixel Representation. HU from -1024 on rise as signed numbers, and fall once as unsigned ones."""
    signed = values.view(values.dtype.str.replace("u", "i"))
    rises = bool((np.diff(signed.astype(np.int64)) >= 0).all())
    return signed if rises and bool((np.diff(values.astype(np.int64)) < 0).any()) else values

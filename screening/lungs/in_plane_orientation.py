"""How a slice has to be turned so that the patient's left is right in the picture and the back is down.

Most scanners store a supine patient like that; a patient who is prone or on the side is stored otherwise, and Image
Orientation (Patient) says how (PS3.3 C.7.6.2.1.1).
"""

from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

Element = TypeVar("Element", bound=np.generic)


@dataclass(frozen=True)
class InPlaneOrientation:
    """`transposed`: rows and columns change places first; then rows (`upside_down`) and columns (`mirrored`) turn."""

    transposed: bool = False
    upside_down: bool = False
    mirrored: bool = False

    @classmethod
    def of(cls, affine_lps: NDArray[np.float64]) -> Self:
        """Of a matrix that takes (column, row, slice index, 1) to mm in LPS."""
        along_columns, along_rows = affine_lps[:2, 0], affine_lps[:2, 1]
        transposed = bool(abs(along_columns[1]) > abs(along_columns[0]))
        if transposed:
            along_columns, along_rows = along_rows, along_columns
        return cls(transposed, upside_down=bool(along_rows[1] < 0), mirrored=bool(along_columns[0] < 0))

    def upright(self, slice_: NDArray[Element]) -> NDArray[Element]:
        """A view of the slice [rows, columns] with the patient's left right and the back down."""
        turned: NDArray[Any] = slice_.T if self.transposed else slice_
        return turned[:: -1 if self.upside_down else 1, :: -1 if self.mirrored else 1]

    def back(self, upright: NDArray[Element]) -> NDArray[Element]:
        """The inverse of `upright`."""
        turned: NDArray[Any] = upright[:: -1 if self.upside_down else 1, :: -1 if self.mirrored else 1]
        return turned.T if self.transposed else turned

    def upright_pair(self, row_column: tuple[float, float]) -> tuple[float, float]:
        """A pair of (row, column) sizes, of the slice that `upright` gives."""
        return row_column[::-1] if self.transposed else row_column


STANDARD: Final = InPlaneOrientation()

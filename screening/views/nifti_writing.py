"""Writes volumes as NIfTI-1 (.nii.gz), slice by slice to save memory; equal input gives equal bytes.

The grid may be coarser by an integer step; `coarse_affine` gives the centres of its voxels.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from isal import igzip
from numpy.typing import NDArray

from screening.dicom.geometry import Geometry

_RAS: Final = np.diag([-1.0, -1.0, 1.0, 1.0])  # LPS -> RAS
_SCANNER: Final = 1  # nifti1.h: NIFTI_XFORM_SCANNER_ANAT
_LEVEL: Final = 1  # of igzip: 154 slices in 0.4 s; zlib takes 2.6 s and writes 4 % less


def coarse_shape(geometry: Geometry, step: int) -> tuple[int, int, int]:
    """(slices, rows, columns) of the grid of every `step`-th slice and of cells of `step` x `step` pixels.

    Pixels at the end of a row or column that do not fill a cell are left out.
    """
    slices, rows, columns = geometry.shape
    return -(-slices // step), max(1, rows // step), max(1, columns // step)


def coarse_affine(geometry: Geometry, step: int) -> NDArray[np.float64]:
    """The affine from (column, row, slice, 1) of the coarse grid to mm in the patient's RAS.

    The centre of a cell is (step - 1) / 2 pixels from the centre of its first pixel; slices keep their positions.
    """
    inside = (step - 1) / 2
    to_fine = np.array([[step, 0, 0, inside], [0, step, 0, inside], [0, 0, step, 0], [0, 0, 0, 1]], np.float64)
    return np.asarray(_RAS @ geometry.affine_lps @ to_fine, np.float64)


def coarse_slice(values: NDArray[Any], step: int) -> NDArray[Any]:
    """The mean of each cell of a slice [rows, columns], rounded for an integer type."""
    if step == 1:
        return values
    rows, columns = (max(1, side // step) for side in values.shape)
    cells = values[: rows * step, : columns * step].astype(np.float32)
    means = cells.reshape(rows, -1, columns, cells.shape[1] // columns).mean(axis=(1, 3))
    return np.asarray(np.rint(means) if values.dtype.kind in "iu" else means, values.dtype)


def write_nifti(path: Path, geometry: Geometry, step: int, slices: Iterable[NDArray[Any]], scale: float = 1.0) -> None:
    """Write coarse slices of int16 or uint8, the lowest first; a reader gets `scale` x their value.

    Raises ValueError when their number or size is not that of the grid.
    """
    shape = coarse_shape(geometry, step)
    remaining = shape[0]
    with path.open("wb") as file, _compressed(file) as packed:
        for values in slices:
            if remaining == shape[0]:
                packed.write(_header(geometry, step, values.dtype, scale))
            if values.shape != shape[1:]:
                raise ValueError("a slice has another size than the grid")
            packed.write(np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"), copy=False).tobytes())
            remaining -= 1
    if remaining:
        raise ValueError("the grid has another number of slices")


def _compressed(file: BinaryIO) -> Any:
    return igzip.IGzipFile("", "wb", _LEVEL, file, mtime=0)  # type: ignore[no-untyped-call] # isal has no types for it


def _header(geometry: Geometry, step: int, dtype: "np.dtype[Any]", scale: float) -> bytes:
    slices, rows, columns = coarse_shape(geometry, step)
    affine = coarse_affine(geometry, step)
    import nibabel  # a tenth of a second, for rare downloads

    header = nibabel.Nifti1Header(endianness="<")
    header.set_data_dtype(dtype)
    header.set_data_shape((columns, rows, slices))
    header.set_zooms(np.linalg.norm(affine[:3, :3], axis=0))
    header.set_xyzt_units("mm")
    header.set_sform(affine, _SCANNER)  # a tilted gantry shears the grid, which a qform cannot represent
    header.set_slope_inter(scale, 0.0)
    header["vox_offset"] = 352
    return bytes(header.binaryblock) + bytes(4)  # nifti1.h: four zeros, no extension follows

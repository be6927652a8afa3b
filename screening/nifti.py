"""NIfTI as one more way to store slices: a voxel grid in the patient's RAS, its values taken as HU.

Formats: nifti1.h (348 bytes, magic "n+1") and nifti2.h (540 bytes, "n+2").
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import nibabel
import numpy as np
from nibabel import orientations
from nibabel.filebasedimages import ImageFileError
from nibabel.fileholders import FileHolder
from nibabel.spatialimages import HeaderDataError
from numpy.typing import NDArray

from screening.budgets import Budgets
from screening.errors import BrokenDicom, BrokenPixels, MissingPosition, OverBudget
from screening.part10 import PixelSpan
from screening.slice_header import NIFTI_SYNTAX, PixelLayout, Rescale, SliceHeader, Vector
from screening.upload_members import Member

SNIFF_BYTES = 352
_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])  # RAS -> LPS


def is_nifti(start: bytes) -> bool:
    """Whether a file that begins with these `SNIFF_BYTES` is NIfTI-1 or -2 in a single file."""
    return start[344:348] == b"n+1\0" or start[4:8] == b"n+2\0"


def nifti_slices(member: Member, budgets: Budgets) -> Iterator[SliceHeader]:
    """The axial slices of a NIfTI file that lies plain on disk; UIDs are made from its content, so they stay the same.

    Raises BrokenDicom when the header cannot be used, MissingPosition when it names no place, OverBudget when it
    promises too many voxels.
    """
    grid = _Grid.of(member)
    columns, rows, frames = grid.shape
    bits = 8 * grid.bytes_per_voxel
    budgets.check_pixels(rows, columns, frames, 1, bits)
    if frames > budgets.members:
        raise OverBudget(f"The header promises more than {budgets.members} slices.")
    layout = PixelLayout(NIFTI_SYNTAX, PixelSpan(0, None), rows, columns, frames, 1, "MONOCHROME2", bits, bits, True)
    column_mm, row_mm, _ = (float(mm) for mm in np.linalg.norm(grid.affine_lps[:3, :3], axis=0))
    digest = _digest(member)
    for frame in range(frames):
        yield SliceHeader(
            member=member,
            frame=frame,
            study_uid=_uid(digest, "study"),
            series_uid=_uid(digest, "series"),
            sop_uid=_uid(digest, f"slice {frame}"),
            patient_key="",
            modality="CT",
            image_type=("ORIGINAL", "PRIMARY", "AXIAL"),
            kernel="",
            pixels=layout,
            rescale=Rescale(),
            position=_vector(grid.affine_lps @ (0, 0, frame, 1)),
            orientation=(_vector(grid.affine_lps[:, 0] / column_mm), _vector(grid.affine_lps[:, 1] / row_mm)),
            spacing_mm=(row_mm, column_mm),
            gantry_tilt_deg=0.0,
            acquisition=0,
        )


def nifti_values(member: Member, frame: int) -> NDArray[np.float32]:
    """The values of one slice [rows, columns], rows towards the back, columns towards the left; raises BrokenPixels."""
    grid = _Grid.of(member)
    axis = int(np.flatnonzero(grid.to_lps[:, 0] == 2)[0])
    index = frame if grid.to_lps[axis, 1] > 0 else grid.shape[2] - 1 - frame
    window = [slice(None)] * 3
    window[axis] = slice(index, index + 1)
    try:
        plane = np.asarray(grid.voxels[tuple(window)], np.float32)
    except (OSError, ValueError, EOFError):
        raise BrokenPixels("The voxels of a NIfTI file are cut off or damaged.") from None
    return np.ascontiguousarray(orientations.apply_orientation(plane, grid.to_lps)[:, :, 0].T)


@dataclass(frozen=True)
class _Grid:
    """A NIfTI file turned to (columns towards L, rows towards P, slices towards S); `voxels` are read when indexed."""

    voxels: Any
    bytes_per_voxel: int
    to_lps: NDArray[np.float64]
    shape: tuple[int, int, int]
    affine_lps: NDArray[np.float64]

    @classmethod
    def of(cls, member: Member) -> "_Grid":
        kind = nibabel.Nifti2Image if member.head(8)[4:] == b"n+2\0" else nibabel.Nifti1Image
        try:
            scan = kind.from_file_map({"header": FileHolder(str(member.path)), "image": FileHolder(str(member.path))})
            shape, affine, dtype = scan.shape, scan.affine, scan.get_data_dtype()
            placed = bool(scan.header["qform_code"] or scan.header["sform_code"])
        except (ImageFileError, HeaderDataError, OSError, ValueError, LookupError):
            raise BrokenDicom("A NIfTI file has a header that cannot be used.") from None
        if len(shape) != 3 or min(shape) < 1 or dtype.kind not in "iuf" or not _spans_space(affine):
            raise BrokenDicom("A NIfTI file is not one volume of numbers with a position in space.")
        if not placed:  # nifti1.h, method 1: a grid of unknown place; left and right would be a guess
            raise MissingPosition("A NIfTI file does not say where its voxels lie in the patient (qform or sform).")
        to_lps = orientations.ornt_transform(orientations.io_orientation(affine), orientations.axcodes2ornt("LPS"))
        turned = tuple(int(shape[int(np.flatnonzero(to_lps[:, 0] == axis)[0])]) for axis in range(3))
        affine_lps = _LPS @ affine @ orientations.inv_ornt_aff(to_lps, shape)
        return cls(scan.dataobj, dtype.itemsize, to_lps, (turned[0], turned[1], turned[2]), affine_lps)


def _spans_space(affine: NDArray[np.float64]) -> bool:
    if not np.isfinite(affine).all() or abs(float(np.linalg.det(affine[:3, :3]))) <= 1e-9:
        return False
    return not np.isnan(
        orientations.io_orientation(affine)
    ).any()  # two axes as good as parallel leave one without a way


def _digest(member: Member) -> str:
    digest = hashlib.sha256()
    for chunk in member.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def _uid(digest: str, part: str) -> str:
    # PS3.5 B.2: 2.25 and a number of 128 bits.
    return f"2.25.{int.from_bytes(hashlib.sha256(f'{digest} {part}'.encode()).digest()[:16])}"


def _vector(values: NDArray[np.float64]) -> Vector:
    return float(values[0]), float(values[1]), float(values[2])

"""NIfTI files as slices: a voxel grid in the patient's RAS coordinates; the values are taken as HU.

Formats: nifti1.h (348 bytes, magic "n+1") and nifti2.h (540 bytes, "n+2").
"""

import hashlib
import math
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

from screening.dicom.derived_uids import derived_uid
from screening.dicom.part10 import PixelSpan
from screening.dicom.slice_header import NIFTI_SYNTAX, PixelLayout, Rescale, SliceHeader, Vector
from screening.errors import BrokenDicom, BrokenPixels, MissingPosition, OverBudget
from screening.intake.budgets import Budgets
from screening.intake.upload_members import Member

_SPACE_UNITS = 0x07  # nifti1.h: the lowest bits of xyzt_units; 0 is unknown, and taken for mm as all readers do
_MM = {1: 1000.0, 2: 1.0, 3: 0.001}  # metre, millimetre, micrometre
_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])  # RAS -> LPS


def nifti_slices(member: Member, budgets: Budgets) -> Iterator[SliceHeader]:
    """The axial slices of an uncompressed NIfTI file on disk; UIDs are derived from its content, so they are stable.

    Raises BrokenDicom when the header is invalid, MissingPosition when it has no orientation, OverBudget when it
    declares too many voxels.
    """
    grid = _Grid.of(member)
    columns, rows, frames = grid.shape
    bits = 8 * grid.bytes_per_voxel
    budgets.check_pixels(rows, columns, frames, 1, bits)
    if frames > budgets.members:
        raise OverBudget(f"The header declares more than {budgets.members} slices.")
    layout = PixelLayout(
        NIFTI_SYNTAX, PixelSpan(0, None), rows, columns, frames, 1, "MONOCHROME2", bits, bits, True, bits - 1
    )
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
    """The values of one slice [rows, columns]: rows run to posterior, columns to the left. Raises BrokenPixels."""
    grid = _Grid.of(member)
    axis = int(np.flatnonzero(grid.to_lps[:, 0] == 2)[0])
    index = frame if grid.to_lps[axis, 1] > 0 else grid.shape[2] - 1 - frame
    window: list[slice | int] = [slice(None)] * 3 + [0] * (grid.axes - 3)
    window[axis] = slice(index, index + 1)
    try:
        plane = np.asarray(grid.voxels[tuple(window)], np.float32)
    except (OSError, ValueError, EOFError):
        raise BrokenPixels("The voxels of a NIfTI file are cut off or damaged.") from None
    return np.ascontiguousarray(orientations.apply_orientation(plane, grid.to_lps)[:, :, 0].T)


@dataclass(frozen=True)
class _Grid:
    """A NIfTI file reoriented to (columns to L, rows to P, slices to S); `voxels` are read when indexed."""

    voxels: Any
    axes: int
    bytes_per_voxel: int
    to_lps: NDArray[np.float64]
    shape: tuple[int, int, int]
    affine_lps: NDArray[np.float64]

    @classmethod
    def of(cls, member: Member) -> "_Grid":
        kind = nibabel.Nifti2Image if member.first_bytes(8)[4:] == b"n+2\0" else nibabel.Nifti1Image
        try:
            scan = kind.from_file_map({"header": FileHolder(str(member.path)), "image": FileHolder(str(member.path))})
            shape, affine, dtype = scan.shape, scan.affine, scan.get_data_dtype()
            has_orientation = bool(scan.header["qform_code"] or scan.header["sform_code"])
            mm = _MM.get(int(scan.header["xyzt_units"]) & _SPACE_UNITS, 1.0)
        except (ImageFileError, HeaderDataError, OSError, ValueError, LookupError):
            raise BrokenDicom("A NIfTI file has a header that cannot be used.") from None
        _check_values(shape, dtype)
        affine = np.diag([mm, mm, mm, 1.0]) @ affine
        if not has_orientation:  # nifti1.h, method 1: the orientation is unknown; left and right would be a guess
            raise MissingPosition("A NIfTI file does not say where its voxels lie in the patient (qform or sform).")
        if not _spans_space(affine):
            raise BrokenDicom(
                "A NIfTI file places its voxels in no volume: two of its axes (qform or sform) are parallel."
            )
        shape = shape[:3]
        to_lps = orientations.ornt_transform(orientations.io_orientation(affine), orientations.axcodes2ornt("LPS"))
        reoriented = tuple(int(shape[int(np.flatnonzero(to_lps[:, 0] == axis)[0])]) for axis in range(3))
        affine_lps = _LPS @ affine @ orientations.inv_ornt_aff(to_lps, shape)
        return cls(
            scan.dataobj, scan.ndim, dtype.itemsize, to_lps, (reoriented[0], reoriented[1], reoriented[2]), affine_lps
        )


def _check_values(shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    if len(shape) < 3 or min(shape) < 1:
        raise BrokenDicom(f"A NIfTI file has {len(shape)} axes, or one of no voxels; send one volume.")
    if volumes := math.prod(shape[3:]) - 1:
        raise BrokenDicom(f"A NIfTI file holds {volumes + 1} volumes (a fourth axis, such as time); send one volume.")
    if dtype.kind not in "iuf":
        raise BrokenDicom(
            "A NIfTI file holds colours or complex numbers, not Hounsfield units; send one number a voxel."
        )


def _spans_space(affine: NDArray[np.float64]) -> bool:
    if not np.isfinite(affine).all() or abs(float(np.linalg.det(affine[:3, :3]))) <= 1e-9:
        return False
    # With two nearly parallel axes, io_orientation gives NaN for one of them.
    return not np.isnan(orientations.io_orientation(affine)).any()


def _digest(member: Member) -> str:
    digest = hashlib.sha256()
    for chunk in member.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def _uid(digest: str, part: str) -> str:
    return derived_uid(digest, part)


def _vector(values: NDArray[np.float64]) -> Vector:
    return float(values[0]), float(values[1]), float(values[2])

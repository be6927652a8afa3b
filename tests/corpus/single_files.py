"""Uploads of one file that is not a valid study."""

import gzip
from pathlib import Path

import cv2
import numpy as np

from tests.corpus.case import PLANTED, Builder
from tests.corpus.clean_study import clean_files
from tests.corpus.raw_zip import deflated_zeros

GZIP_MAGIC = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # RFC 1952: deflate, no name, no time


def file_of(content: bytes, suffix: str) -> Builder:
    """One file with this content."""

    def build(folder: Path) -> Path:
        path = folder / f"{PLANTED}{suffix}"
        path.write_bytes(content)
        return path

    return build


def jpeg(folder: Path) -> Path:
    _, encoded = cv2.imencode(".jpg", np.full((64, 64), 80, np.uint8))
    return file_of(encoded.tobytes(), ".jpg")(folder)


def dicom_in_gzip(folder: Path) -> Path:
    return file_of(gzip.compress(clean_files()[0]), ".dcm.gz")(folder)


def dicom_cut_in_the_header(folder: Path) -> Path:
    return file_of(clean_files()[0][:300], ".dcm")(folder)


def preamble_alone(folder: Path) -> Path:
    return file_of(bytes(128) + b"DICM", ".dcm")(folder)


def nifti_bomb(folder: Path) -> Path:
    """Declares 2 GiB of voxels, which unpack from 2 MB."""
    return file_of(GZIP_MAGIC + deflated_zeros(2048, head=nifti_header((512, 512, 4096))), ".nii.gz")(folder)


def nifti_without_end(folder: Path) -> Path:
    """Declares a small volume, but the stream unpacks to 1 GiB."""
    return file_of(GZIP_MAGIC + deflated_zeros(1024, head=nifti_header((64, 64, 24))), ".nii.gz")(folder)


def nifti_of_nans(folder: Path) -> Path:
    voxels = np.full((64, 64, 24), np.nan, "<f4")
    return file_of(gzip.compress(nifti_header(voxels.shape, code=16) + voxels.tobytes()), ".nii.gz")(folder)


def nifti_cut(folder: Path) -> Path:
    return file_of(gzip.compress(nifti_header((64, 64, 24)) + bytes(1000)), ".nii.gz")(folder)


def nifti_declaring_70_tb(folder: Path) -> Path:
    """32767 x 32767 x 32767 voxels in 352 bytes."""
    return file_of(nifti_header((32767, 32767, 32767)), ".nii")(folder)


def nifti_without_orientation(folder: Path) -> Path:
    """Neither qform nor sform, so left and right are unknown."""
    return file_of(nifti_header((64, 64, 24), sform=0) + bytes(2 * 64 * 64 * 24), ".nii")(folder)


def nifti_of_parallel_axes(folder: Path) -> Path:
    """Columns and rows of voxels are nearly parallel."""
    header = bytearray(nifti_header((64, 64, 24)))
    header[280:328] = np.array([[1, 1e20, 0, 0], [0, 1, 0, 0], [0, 0, 5, 0]], "<f4").tobytes()
    return file_of(bytes(header) + bytes(2 * 64 * 64 * 24), ".nii")(folder)


def nifti_header(shape: tuple[int, int, int], code: int = 4, sform: int = 1) -> bytes:
    """A NIfTI-1 header (nifti1.h) of int16 (4) or float32 (16) voxels of 1 x 1 x 5 mm, with its sform."""
    header = np.zeros(1, NIFTI_FIELDS)
    header["sizeof_hdr"], header["magic"], header["vox_offset"] = 348, b"n+1", 352
    header["dim"][0, :4] = (3, *shape)
    header["dim"][0, 4:] = 1
    header["datatype"], header["bitpix"] = code, 16 if code == 4 else 32
    header["pixdim"][0, :4] = (1, 1, 1, 5)
    header["scl_slope"] = 1
    header["sform_code"] = sform
    header["srow"][0] = np.diag((1, 1, 5, 1))[:3]
    return header.tobytes() + bytes(4)


NIFTI_FIELDS = np.dtype(
    {
        "names": [
            "sizeof_hdr",
            "dim",
            "datatype",
            "bitpix",
            "pixdim",
            "vox_offset",
            "scl_slope",
            "sform_code",
            "srow",
            "magic",
        ],
        "formats": ["<i4", ("<i2", 8), "<i2", "<i2", ("<f4", 8), "<f4", "<f4", "<i2", ("<f4", (3, 4)), "S4"],
        "offsets": [0, 40, 70, 72, 76, 108, 112, 254, 280, 344],
        "itemsize": 348,
    }
)

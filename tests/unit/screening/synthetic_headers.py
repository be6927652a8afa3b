"""Slice headers without files, for tests of functions that read headers only."""

from pathlib import Path

from screening.dicom.part10 import PixelSpan
from screening.dicom.slice_header import PixelLayout, Rescale, SliceHeader
from screening.intake.upload_members import Member

STEP_MM = 8.0
LAYOUT = PixelLayout("1.2.840.10008.1.2.1", PixelSpan(1000, 2048), 32, 32, 1, 1, "MONOCHROME2", 16, 16, False, 15)


def slice_header(index: int = 0) -> SliceHeader:
    """An axial CT slice of 32 x 32 pixels of 1 mm, `index` x 8 mm above the first."""
    return SliceHeader(
        member=Member(f"file {index}", Path("nowhere"), 4096),
        frame=0,
        study_uid="2.25.1",
        series_uid="2.25.2",
        sop_uid=f"2.25.3.{index:04}",
        patient_key="somebody",
        modality="CT",
        image_type=("ORIGINAL", "PRIMARY", "AXIAL"),
        kernel="B30f",
        pixels=LAYOUT,
        rescale=Rescale(1.0, -1024.0),
        position=(0.0, 0.0, STEP_MM * index),
        orientation=((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
        spacing_mm=(1.0, 1.0),
        gantry_tilt_deg=0.0,
        acquisition=0,
    )


def slice_headers(count: int = 16) -> list[SliceHeader]:
    """A series of `count` such slices."""
    return [slice_header(index) for index in range(count)]

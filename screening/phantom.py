"""The synthetic chest as a DICOM study, for the demo, tests and benchmarks; every header says that it is synthetic."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid

from screening.phantom_chest import FIELD_MM, HEIGHT_MM, Chest, chest_hu, slice_heights_mm

INTERCEPT_HU = -1024
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can tell: the same study is the same bytes


def write_phantom(
    path: Path,
    slices: int = 64,
    size: int = 512,
    chest: Chest = Chest(),  # noqa: B008 - frozen
    transfer_syntax: str = ExplicitVRLittleEndian,
) -> Path:
    """Write one study of one series to `path`: a zip when the name ends so, else a folder; returns `path`.

    The transfer syntax is native or one that pydicom can encode. The same arguments give the same bytes.
    """
    files = phantom_files(slices, size, chest, transfer_syntax)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, content in files:
                archive.writestr(zipfile.ZipInfo(name, ZIP_EPOCH), content, zipfile.ZIP_DEFLATED, 1)
        return path
    path.mkdir(parents=True, exist_ok=True)
    for name, content in files:
        (path / name).write_bytes(content)
    return path


def phantom_files(slices: int, size: int, chest: Chest, transfer_syntax: str) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each slice's file, from the lowest up."""
    for number, (hu, z_mm) in enumerate(zip(chest_hu(chest, slices, size), slice_heights_mm(slices), strict=True), 1):
        dataset = _header(chest, number, size, HEIGHT_MM / slices, float(z_mm))
        _set_pixels(dataset, hu, transfer_syntax)
        buffer = io.BytesIO()
        dataset.save_as(buffer, enforce_file_format=True)
        yield f"{number:04d}.dcm", buffer.getvalue()


def _header(chest: Chest, number: int, size: int, spacing_mm: float, z_mm: float) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID = CTImageStorage
    dataset.StudyInstanceUID = _uid(chest, "study")
    dataset.SeriesInstanceUID = _uid(chest, "series")
    dataset.SOPInstanceUID = _uid(chest, f"slice {number}")
    dataset.FrameOfReferenceUID = _uid(chest, "frame of reference")
    dataset.PatientName, dataset.PatientID = "Phantom^Synthetic", "SYNTHETIC"
    dataset.Modality, dataset.Manufacturer = "CT", "Turnstile phantom"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.SeriesDescription = "SYNTHETIC chest, no patient"
    dataset.BodyPartExamined, dataset.ConvolutionKernel, dataset.PatientPosition = "CHEST", "SYNTHETIC", "HFS"
    dataset.SeriesNumber, dataset.InstanceNumber = 1, number
    pixel_mm = FIELD_MM / size
    corner_mm = (pixel_mm - FIELD_MM) / 2  # PS3.3 C.7.6.2.1.1: the centre of the first pixel
    dataset.ImagePositionPatient = [corner_mm, corner_mm, z_mm]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing = [pixel_mm, pixel_mm]
    dataset.SliceThickness = spacing_mm
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = INTERCEPT_HU, 1, "HU"
    return dataset


def _set_pixels(dataset: Dataset, hu: NDArray[np.int16], transfer_syntax: str) -> None:
    dataset.Rows, dataset.Columns = hu.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.PixelData = (hu - INTERCEPT_HU).astype("<u2").tobytes()
    dataset.file_meta = FileMetaDataset()
    syntax = UID(transfer_syntax)
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian if syntax.is_compressed else syntax
    if syntax == ImplicitVRLittleEndian or not syntax.is_compressed:
        return
    dataset.compress(syntax, generate_instance_uid=False)


def _uid(chest: Chest, what: str) -> UID:
    return generate_uid(entropy_srcs=["turnstile phantom", repr(chest), what])

"""A synthetic chest CT as DICOM for the demo, tests and benchmarks. Equal arguments write equal bytes.

It is marked as synthetic: Patient's Name `Phantom^Synthetic`, Series Description `SYNTHETIC ...`. It shows no patient.
"""

import io
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, RLELossless

from screening.phantom.phantom_anatomy import FIELD_MM, HEIGHT_MM, Airless, Chest

_NAMES: Final = uuid.UUID("5c0b0f0e-6f36-4d0f-9d0a-2c3f1f5a7b11")
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the earliest time stamp of a zip
INTERCEPT_HU: Final = -1024


def write_phantom(
    path: Path,
    *,
    slices: int = 64,
    size: int = 512,
    seed: int = 0,
    nodule: bool = True,
    effusion: bool = False,
    airless: Airless | None = None,
    transfer_syntax: str = ExplicitVRLittleEndian,
) -> Path:
    """Write a study of one series to `path`, a zip when its suffix is .zip, else a new folder; returns `path`.

    The transfer syntax may be Explicit VR Little Endian or RLE Lossless.
    """
    files = _files(Chest(seed, nodule, effusion, airless), slices, size, UID(transfer_syntax))
    if path.suffix != ".zip":
        path.mkdir(parents=True, exist_ok=True)
        for name, content in files:
            (path / name).write_bytes(content)
        return path
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    return path


def _files(chest: Chest, slices: int, size: int, syntax: UID) -> Iterator[tuple[str, bytes]]:
    step_mm = HEIGHT_MM / slices
    name = f"{chest} {slices} {size} {syntax}" + (f" {chest.airless}" if chest.airless else "")
    for index in range(slices):
        dataset = _described(name, index, step_mm, size)
        _add_pixels(dataset, chest.hu((index + 0.5) * step_mm, size), syntax)
        buffer = io.BytesIO()
        dataset.save_as(buffer, enforce_file_format=True)
        yield f"{index:04}.dcm", buffer.getvalue()


def _described(study: str, index: int, step_mm: float, size: int) -> Dataset:
    pixel_mm = FIELD_MM / size
    corner_mm = (pixel_mm - FIELD_MM) / 2
    values = {
        "SOPClassUID": CTImageStorage,
        "SOPInstanceUID": _uid(f"{study} slice {index}"),
        "StudyInstanceUID": _uid(f"{study} study"),
        "SeriesInstanceUID": _uid(f"{study} series"),
        "FrameOfReferenceUID": _uid(f"{study} frame of reference"),
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "Modality": "CT",
        "Manufacturer": "Turnstile phantom",
        "PatientName": "Phantom^Synthetic",
        "PatientID": "SYNTHETIC",
        "PatientPosition": "HFS",
        "StudyDescription": "SYNTHETIC chest, no patient",
        "SeriesDescription": "SYNTHETIC chest, no patient",
        "StudyID": "1",
        "SeriesNumber": 1,
        "InstanceNumber": index + 1,
        "ConvolutionKernel": "STANDARD",
        "KVP": 120,
        "SliceThickness": step_mm,
        "PixelSpacing": [pixel_mm, pixel_mm],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "ImagePositionPatient": [corner_mm, corner_mm, index * step_mm],
        "RescaleIntercept": INTERCEPT_HU,
        "RescaleSlope": 1,
        "RescaleType": "HU",
    }
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def _add_pixels(dataset: Dataset, hu: NDArray[np.int16], syntax: UID) -> None:
    stored = (hu.astype(np.int32) - INTERCEPT_HU).astype("<u2")
    dataset.Rows, dataset.Columns = stored.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.PixelData = stored.tobytes()
    if syntax == RLELossless:
        dataset.compress(RLELossless, generate_instance_uid=False)
    elif syntax != ExplicitVRLittleEndian:
        raise ValueError(f"the phantom is not written in {syntax.name}")


def _uid(name: str) -> str:
    """PS3.5 B.2: a UUID as a UID."""
    return f"2.25.{uuid.uuid5(_NAMES, name).int}"

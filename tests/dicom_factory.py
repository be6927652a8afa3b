"""Small synthetic DICOM for tests: valid CT slices, and functions that change them. No slice shows a real patient.

slices = ct_series(16)                        # Datasets: one axial CT series, 8 mm apart
slices[3].PixelSpacing = [1.0, 0.0]           # change an element with pydicom, or its bytes:
set_raw_value(slices[3], "PixelSpacing", b"NaN\\\\NaN ")
zip_of(path, to_files(slices))                # or folder_of(path, ...), or to_bytes(slices[0], preamble=False)
"""

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydicom import config
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.tag import BaseTag
from pydicom.uid import (
    UID,
    CTImageStorage,
    EnhancedCTImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

STUDY_UID = "2.25.1000"
SERIES_UID = "2.25.2000"
STEP_MM = 8.0
AIR = 0  # stored value of -1024 HU with the rescale below
WATER = 1024


def ct_slice(index: int = 0, *, size: int = 32, pixels: ArrayLike | None = None, **elements: Any) -> Dataset:
    """One axial CT slice, `index` x 8 mm above the first; `elements` by keyword replace or add, None removes.

    Stored values default to a ramp that differs from slice to slice; HU = stored - 1024.
    """
    stored = _ramp(index, size) if pixels is None else np.asarray(pixels, np.uint16)
    slice_ = _identified(CTImageStorage, f"{SERIES_UID}.{index + 1}")
    _describe(slice_, stored)
    _apply(
        slice_,
        ImageType=["ORIGINAL", "PRIMARY", "AXIAL"],
        ConvolutionKernel="B30f",
        InstanceNumber=index + 1,
        ImagePositionPatient=[-16.0, -16.0, STEP_MM * index],
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        PixelSpacing=[1.0, 1.0],
        SliceThickness=STEP_MM,
        RescaleSlope=1,
        RescaleIntercept=-1024,
    )
    slice_.PixelData = stored.astype("<u2").tobytes()
    _apply(slice_, **elements)
    return slice_


def ct_series(count: int = 16, *, size: int = 32, **elements: Any) -> list[Dataset]:
    """`count` slices of one series; `elements` as in `ct_slice`, the same for each."""
    return [ct_slice(index, size=size, **elements) for index in range(count)]


def other_series(slices: Sequence[Dataset], series_uid: str, **elements: Any) -> list[Dataset]:
    """Copies of `slices` as another series, with SOP Instance UIDs of their own."""
    copies = [_copy(one) for one in slices]
    for number, one in enumerate(copies, 1):
        _apply(one, SeriesInstanceUID=series_uid, SOPInstanceUID=f"{series_uid}.{number}", **elements)
    return copies


def enhanced_ct(frames: int = 16, *, size: int = 32, **elements: Any) -> Dataset:
    """One Enhanced CT: the geometry of `ct_series` in functional groups; frame i has the intercept -1024 + i."""
    stored = np.stack([_ramp(index, size) for index in range(frames)])
    multi = _identified(EnhancedCTImageStorage, f"{SERIES_UID}.900")
    _describe(multi, stored[0])
    multi.NumberOfFrames = frames
    multi.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    shared = Dataset()
    shared.PlaneOrientationSequence = Items([_item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])])
    shared.PixelMeasuresSequence = Items([_item(PixelSpacing=[1.0, 1.0], SliceThickness=STEP_MM)])
    shared.CTReconstructionSequence = Items([_item(ConvolutionKernel="B30f")])
    multi.SharedFunctionalGroupsSequence = Items([shared])
    multi.PerFrameFunctionalGroupsSequence = Items([_frame_groups(index) for index in range(frames)])
    multi.PixelData = stored.astype("<u2").tobytes()
    _apply(multi, **elements)
    return multi


def set_raw_value(dataset: Dataset, keyword: str, value: bytes, vr: str | None = None) -> None:
    """Set the bytes of a value that pydicom would refuse; the caller pads them to an even length."""
    tag = tag_for_keyword(keyword)
    assert tag is not None, keyword
    vr = vr or dictionary_VR(tag)
    dataset[tag] = RawDataElement(BaseTag(tag), vr, len(value), value, 0, False, True)


def to_bytes(dataset: Dataset, syntax: str = ExplicitVRLittleEndian, *, preamble: bool = True) -> bytes:
    """The file's bytes; without `preamble` only the data set, as in old archives (no file meta information either)."""
    buffer = io.BytesIO()
    with config.disable_value_validation():
        if preamble:
            dataset.file_meta.TransferSyntaxUID = UID(syntax)
            dataset.save_as(buffer, enforce_file_format=True)
        else:
            bare = _copy(dataset)
            del bare.file_meta
            bare.save_as(buffer, implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=True)
    return buffer.getvalue()


def to_files(datasets: Sequence[Dataset], syntax: str = ExplicitVRLittleEndian) -> dict[str, bytes]:
    """File names in no order -> bytes of the files."""
    return {f"IM{(7 * index) % 1009:04d}": to_bytes(one, syntax) for index, one in enumerate(datasets)}


def folder_of(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write the files below `folder`, making folders as their names need."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def zip_of(path: Path, files: Mapping[str, bytes], *, stored: bool = False) -> Path:
    """Write the files into a zip at `path`."""
    packing = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def _ramp(index: int, size: int) -> NDArray[np.uint16]:
    rows, columns = np.mgrid[:size, :size]
    return np.asarray(WATER + 10 * rows + columns + 100 * (index % 30), np.uint16)


def _identified(sop_class: str, sop_uid: str) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    _apply(
        dataset,
        SOPClassUID=sop_class,
        SOPInstanceUID=sop_uid,
        StudyInstanceUID=STUDY_UID,
        SeriesInstanceUID=SERIES_UID,
        Modality="CT",
        PatientName="Nobody^Made",
        PatientID="made-1",
    )
    return dataset


def _describe(dataset: Dataset, stored: NDArray[np.uint16]) -> None:
    dataset.Rows, dataset.Columns = stored.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0


def _frame_groups(index: int) -> Dataset:
    groups = Dataset()
    groups.PlanePositionSequence = Items([_item(ImagePositionPatient=[-16.0, -16.0, STEP_MM * index])])
    groups.PixelValueTransformationSequence = Items([_item(RescaleSlope=1, RescaleIntercept=-1024 + index)])
    return groups


def _item(**elements: Any) -> Dataset:
    item = Dataset()
    _apply(item, **elements)
    return item


def _apply(dataset: Dataset, **elements: Any) -> None:
    with config.disable_value_validation():
        for keyword, value in elements.items():
            if value is not None:
                setattr(dataset, keyword, value)
            elif keyword in dataset:
                delattr(dataset, keyword)


def _copy(dataset: Dataset) -> Dataset:
    copied = Dataset(dataset)
    copied.file_meta = FileMetaDataset(dataset.file_meta)
    return copied

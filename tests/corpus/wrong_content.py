"""Valid DICOM without a chest CT: other modalities, other body parts, captures, mixed patients."""

import numpy as np
from pydicom import Dataset, uid

from tests.corpus.case import PLANTED
from tests.corpus.clean_study import Slice, clean_slices, set_elements

as_mr = set_elements(Modality="MR", SOPClassUID=uid.MRImageStorage)
as_pet = set_elements(Modality="PT", SOPClassUID=uid.PositronEmissionTomographyImageStorage)
as_localiser = set_elements(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])


def chest_xray(slices: list[Slice]) -> list[Slice]:
    """One digital radiograph; it has no position and orientation."""
    xray = slices[0]
    set_elements(Modality="DX", SOPClassUID=uid.DigitalXRayImageStorageForPresentation)(xray)
    del xray.ImagePositionPatient, xray.ImageOrientationPatient
    return [xray]


def colour_capture(slice_: Slice) -> None:
    """A screenshot of a CT, in colour."""
    slice_.SOPClassUID = uid.SecondaryCaptureImageStorage
    slice_.ImageType = ["DERIVED", "SECONDARY"]
    colour(slice_)


def colour(slice_: Slice) -> None:
    slice_.SamplesPerPixel, slice_.PhotometricInterpretation, slice_.PlanarConfiguration = 3, "RGB", 0
    slice_.BitsAllocated, slice_.BitsStored, slice_.HighBit, slice_.PixelRepresentation = 8, 8, 7, 0
    slice_.PixelData = bytes(slice_.Rows * slice_.Columns * 3)


def without_pixels(slice_: Slice) -> None:
    for keyword in ("PixelData", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"):
        delattr(slice_, keyword)


def encapsulated_pdf(slices: list[Slice]) -> list[Slice]:
    document = slices[0]
    without_pixels(document)
    set_elements(
        Modality="DOC", SOPClassUID=uid.EncapsulatedPDFStorage, MIMETypeOfEncapsulatedDocument="application/pdf"
    )(document)
    document.EncapsulatedDocument = b"%PDF-1.7\n%%EOF\n"
    return [document]


def structure_set(slices: list[Slice]) -> list[Slice]:
    contours = slices[0]
    without_pixels(contours)
    set_elements(Modality="RTSTRUCT", SOPClassUID=uid.RTStructureSetStorage)(contours)
    contours.ROIContourSequence = [Dataset()]
    return [contours]


def head_ct(slice_: Slice) -> None:
    """A disc of brain in a ring of skull, in air: an axial CT without a lung."""
    rows, columns = np.mgrid[: slice_.Rows, : slice_.Columns]
    radius = np.hypot(rows / slice_.Rows - 0.5, columns / slice_.Columns - 0.5)
    hu = np.select([radius < 0.3, radius < 0.33], [40, 1000], -1000)
    slice_.BodyPartExamined = "HEAD"
    store(slice_, hu)


def abdomen_ct(slice_: Slice) -> None:
    """Soft tissue with a spine and bowel gas: air inside a body that is not lung."""
    rows, columns = np.mgrid[: slice_.Rows, : slice_.Columns] / slice_.Rows - 0.5
    body = np.hypot(rows / 0.3, columns / 0.42) < 1
    spine = np.hypot(rows - 0.18, columns) < 0.05
    gas = (np.hypot(rows + 0.12, columns - 0.1) < 0.06) | (np.hypot(rows + 0.05, columns + 0.2) < 0.04)
    store(slice_, np.select([gas, spine, body], [-1000, 500, 50], -1000))


def air_rod_in_water(slice_: Slice) -> None:
    """A scanner's test object: a rod of air in water."""
    rows, columns = np.mgrid[: slice_.Rows, : slice_.Columns] / slice_.Rows - 0.5
    store(slice_, np.select([np.hypot(rows, columns) < 0.05, np.hypot(rows, columns) < 0.4], [-1000, 0], -1000))


def inverted(slice_: Slice) -> None:
    """Air where tissue should be, and tissue where air should be."""
    values = np.frombuffer(slice_.PixelData, "<u2").reshape(slice_.Rows, slice_.Columns)
    store(slice_, -(values.astype(np.float64) + float(slice_.RescaleIntercept)))


def grey_capture(slice_: Slice) -> None:
    """A screenshot of a CT in 8-bit grey, still with Modality CT: windowed, so it has no HU."""
    values = np.frombuffer(slice_.PixelData, "<u2").reshape(slice_.Rows, slice_.Columns)
    hu = values.astype(np.float64) + float(slice_.RescaleIntercept)
    slice_.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    slice_.RescaleIntercept, slice_.RescaleSlope = "0", "1"
    store(slice_, np.clip((hu + 1350) / 1500 * 255, 0, 255))


def air(slice_: Slice) -> None:
    store(slice_, np.full((slice_.Rows, slice_.Columns), -1000))


def water(slice_: Slice) -> None:
    store(slice_, np.zeros((slice_.Rows, slice_.Columns)))


def store(slice_: Slice, hu: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
    """Write HU as the slice's stored values."""
    values = (hu - float(slice_.RescaleIntercept)) / float(slice_.RescaleSlope)
    slice_.PixelData = np.round(values).astype("<i2").tobytes()


def two_patients(slices: list[Slice]) -> list[Slice]:
    for slice_ in slices[::2]:
        slice_.PatientID, slice_.PatientName = f"{PLANTED}-0043", f"{PLANTED}^Bob"
    return slices


def chest_and_mr_of_another_study(slices: list[Slice]) -> list[Slice]:
    both = chest_and_mr(slices)
    for slice_ in both[len(slices) :]:
        slice_.StudyInstanceUID = uid.UID("2.25.8")
    return both


def chest_and_mr(slices: list[Slice]) -> list[Slice]:
    """The clean study, and an MR series in the same study."""
    others = clean_slices()
    for number, slice_ in enumerate(others):
        as_mr(slice_)
        slice_.SeriesInstanceUID = uid.UID("2.25.7")
        slice_.SOPInstanceUID = uid.UID(f"2.25.7.{number}")
    return slices + others


def shifted_without_rescale(slice_: Slice) -> None:
    """Stored values from 0 on, and no word on how HU are made of them."""
    del slice_.RescaleIntercept, slice_.RescaleSlope


def rescaled_twice(slice_: Slice) -> None:
    """HU are stored, and the intercept is there still."""
    values = np.frombuffer(slice_.PixelData, "<u2").astype(np.int32)
    slice_.PixelData = (values + int(slice_.RescaleIntercept)).astype("<i2").tobytes()
    slice_.PixelRepresentation, slice_.BitsStored, slice_.HighBit = 1, 16, 15


def padding_over_all(slice_: Slice) -> None:
    slice_.add_new("PixelPaddingValue", "US", 0)
    slice_.add_new("PixelPaddingRangeLimit", "US", 4095)


def one_without_rescale(slices: list[Slice]) -> list[Slice]:
    shifted_without_rescale(slices[len(slices) // 2])
    return slices


def one_intercept_of_0(slices: list[Slice]) -> list[Slice]:
    slices[len(slices) // 2].RescaleIntercept = "0"
    return slices


def modality_lut(slice_: Slice) -> None:
    """A table in the place of slope and intercept."""
    first = int(slice_.RescaleIntercept)
    del slice_.RescaleIntercept, slice_.RescaleSlope
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [4096, 0, 16])
    table.ModalityLUTType = "HU"
    table.add_new("LUTData", "OW", (np.arange(4096) + first).astype("<i2").tobytes())
    slice_.ModalityLUTSequence = [table]


def with_dose_report(slices: list[Slice]) -> list[Slice]:
    """A capture in the study, of which the Patient ID has zeros before it."""
    capture = clean_slices()[0]
    capture.SOPClassUID, capture.SeriesInstanceUID = uid.SecondaryCaptureImageStorage, uid.UID("2.25.7")
    capture.SOPInstanceUID, capture.PatientID = uid.UID("2.25.7.1"), f"000{capture.PatientID}"
    del capture.ImagePositionPatient, capture.ImageOrientationPatient
    return [*slices, capture]

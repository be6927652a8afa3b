"""DICOM elements -> the fields of a `SliceHeader`; an invalid value becomes None, for `series_suitability` to judge."""

import hashlib
import math
import re

from screening.budgets import Budgets
from screening.element_values import Elements
from screening.errors import BrokenDicom, OverBudget
from screening.part10 import FileHeader
from screening.slice_header import PixelLayout, Rescale, SliceHeader, Vector
from screening.upload_members import Member

_MAX_COORDINATE_MM = 1e5  # no scanner's table is longer; sums of larger coordinates lose the precision of 1 mm


def pixel_layout(head: FileHeader, budgets: Budgets) -> PixelLayout | None:
    """How the pixels of a file are stored, None when it has none.

    Raises BrokenDicom when a required element is missing or invalid, OverBudget when it declares too many pixels.
    """
    elements = Elements(head.dataset)
    rows, columns = elements.integer("Rows"), elements.integer("Columns")
    if head.pixels is None:
        return None
    bits, sign, samples = (elements.integer(tag) for tag in ("BitsAllocated", "PixelRepresentation", "SamplesPerPixel"))
    if not (rows and columns and bits and samples) or sign not in (0, 1):  # PS3.3 C.7.6.3: none may be missing
        raise BrokenDicom("A DICOM file has pixels, but their number, bits or sign are missing or invalid.")
    frames = max(1, int(_finite(elements.decimal("NumberOfFrames", 1.0), 1.0)))
    budgets.check_pixels(rows, columns, frames, samples, bits)
    if frames > budgets.members:
        raise OverBudget(f"The header declares more than {budgets.members} frames.")
    return PixelLayout(
        transfer_syntax=head.transfer_syntax,
        span=head.pixels,
        rows=rows,
        columns=columns,
        frames=frames,
        samples=samples,
        photometric=elements.text("PhotometricInterpretation") or "MONOCHROME2",
        bits_allocated=bits,
        bits_stored=elements.integer("BitsStored") or bits,
        signed=sign == 1,
        high_bit=_high_bit(elements, bits),
    )


def slice_of(member: Member, frame: int, layout: PixelLayout | None, elements: Elements, salt: bytes) -> SliceHeader:
    """The header of frame `frame`; the patient key is hashed with `salt`, so it has no meaning in another upload."""
    patient = elements.text("PatientID") or elements.text("PatientName")
    return SliceHeader(
        member=member,
        frame=frame,
        study_uid=elements.text("StudyInstanceUID"),
        series_uid=elements.text("SeriesInstanceUID"),
        sop_uid=elements.text("SOPInstanceUID"),
        patient_key=hashlib.blake2b(patient.encode(), key=salt, digest_size=16).hexdigest(),
        modality=_code(elements.text("Modality")),
        image_type=elements.texts("FrameType") or elements.texts("ImageType"),
        kernel=elements.text("ConvolutionKernel")[:16],  # PS3.5 6.2: SH
        pixels=layout,
        rescale=_rescale(elements, layout),
        position=_vector(elements.decimals("ImagePositionPatient")),
        orientation=_orientation(elements.decimals("ImageOrientationPatient")),
        spacing_mm=_spacing(elements.decimals("PixelSpacing")),
        gantry_tilt_deg=_finite(elements.decimal("GantryDetectorTilt", 0.0), 0.0),
        acquisition=int(_finite(elements.decimal("AcquisitionNumber", 0.0), 0.0)),
    )


def _rescale(elements: Elements, layout: PixelLayout | None) -> Rescale:
    signed = layout is not None and layout.signed
    padding, limit = elements.integer("PixelPaddingValue", signed), elements.integer("PixelPaddingRangeLimit", signed)
    span = None if padding is None else (padding, padding if limit is None else limit)
    slope, intercept = elements.decimal("RescaleSlope", 1.0), elements.decimal("RescaleIntercept", 0.0)
    unit = elements.text("RescaleType") or "HU"  # PS3.3 C.8.2.1: in CT it may be left out when it is HU
    return Rescale(slope, intercept, None if span is None else (min(span), max(span)), unit)


def _high_bit(elements: Elements, bits: int) -> int:
    """High Bit where it is possible; else what the standard asks for, one less than Bits Stored (PS3.5 8.1.1)."""
    stored, high = elements.integer("BitsStored") or bits, elements.integer("HighBit")
    return high if high is not None and stored - 1 <= high < bits else stored - 1


def _code(text: str) -> str:
    # PS3.5 6.2: CS. Reports quote it, so only the characters of a code are accepted.
    return text if re.fullmatch(r"[A-Z0-9_ ]{1,16}", text) else ""


def _vector(values: tuple[float, ...]) -> Vector | None:
    valid = len(values) == 3 and all(abs(value) <= _MAX_COORDINATE_MM for value in values)  # False for NaN
    return (values[0], values[1], values[2]) if valid else None


def _orientation(values: tuple[float, ...]) -> tuple[Vector, Vector] | None:
    along_row, along_column = _vector(values[:3]), _vector(values[3:])
    return (along_row, along_column) if along_row and along_column else None


def _spacing(values: tuple[float, ...]) -> tuple[float, float] | None:
    return (values[0], values[1]) if len(values) == 2 else None


def _finite(value: float, default: float) -> float:
    return value if math.isfinite(value) else default

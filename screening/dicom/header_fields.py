"""DICOM elements -> the fields of a `SliceHeader`; an invalid value becomes None, for `series_suitability` to judge."""

import math
import re
from collections.abc import Iterator

from screening.dicom.element_values import Elements
from screening.dicom.modality_table import ModalityTable
from screening.dicom.part10 import FileHeader
from screening.dicom.persons import person_key
from screening.dicom.projections import is_projection
from screening.dicom.slice_header import PixelLayout, Rescale, SliceHeader, Vector
from screening.dicom.transfer_syntaxes import NATIVE, is_decodable
from screening.errors import BrokenDicom, OverBudget
from screening.intake.budgets import Budgets
from screening.intake.upload_members import Member

_DECIMALS = {
    "Image Position (Patient)": "ImagePositionPatient",
    "Image Orientation (Patient)": "ImageOrientationPatient",
    "Pixel Spacing": "PixelSpacing",
    "Rescale Slope": "RescaleSlope",
    "Rescale Intercept": "RescaleIntercept",
}
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
    patient_id, _ = elements.data("PatientID")
    patient_name, _ = elements.data("PatientName")
    return SliceHeader(
        member=member,
        frame=frame,
        study_uid=elements.text("StudyInstanceUID"),
        series_uid=elements.text("SeriesInstanceUID"),
        sop_uid=elements.text("SOPInstanceUID"),
        patient_key=person_key(patient_id, patient_name, elements.texts("SpecificCharacterSet"), salt),
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
        oddities=tuple(_oddities(elements, layout)),
        thickness_mm=_positive(elements.decimal("SliceThickness", 0.0)),
        temporal_position=_temporal_position(elements),
        cardiac_phase=_finite(elements.decimal("NominalPercentageOfCardiacPhase", 0.0), 0.0),
        acquired_at=_acquired_at(elements),
        instance=int(_finite(elements.decimal("InstanceNumber", 0.0), 0.0)),
        projection=is_projection(elements),
    )


def _oddities(elements: Elements, layout: PixelLayout | None) -> Iterator[str]:
    for name, keyword in _DECIMALS.items():
        if "," in elements.text(keyword):
            yield f"{name} is written with a decimal comma."
    if layout is None:
        return
    syntax = layout.transfer_syntax
    if is_decodable(syntax) and (layout.span.length is None) == (syntax in NATIVE):
        yield "The Transfer Syntax UID does not fit the pixels; they are read as what they are."
    if layout.high_bit + 1 != layout.bits_stored:
        yield "High Bit is not one less than Bits Stored."


def _rescale(elements: Elements, layout: PixelLayout | None) -> Rescale:
    signed = layout is not None and layout.signed
    padding, limit = elements.integer("PixelPaddingValue", signed), elements.integer("PixelPaddingRangeLimit", signed)
    span = None if padding is None else (padding, padding if limit is None else limit)
    padding_span = None if span is None else (min(span), max(span))
    slope, intercept = elements.decimal("RescaleSlope", 1.0), elements.decimal("RescaleIntercept", 0.0)
    stated = bool(elements.text("RescaleIntercept"))
    table = None if stated else _modality_table(elements, signed)
    return Rescale(
        slope,
        intercept,
        padding_span,
        _unit(elements.text("RescaleType")),
        stated=stated or table is not None,
        table=table,
    )


def _unit(text: str) -> str:
    """Rescale Type as PS3.3 C.11.1.1.2 writes it; in CT it may be left out when it is HU (C.8.2.1)."""
    code = text.upper().replace(".", "")
    if code in {"", "HU", "HOUNSFIELD", "HOUNSFIELD UNIT", "HOUNSFIELD UNITS"}:
        return "HU"
    return "US" if code in {"US", "UNSPECIFIED", "NONE", "UNKNOWN"} else text


def _modality_table(elements: Elements, signed: bool) -> ModalityTable | None:
    for item in elements.items("ModalityLUTSequence"):
        data, little_endian = item.data("LUTData")
        descriptor = item.integers("LUTDescriptor")
        if len(descriptor) == 3 and signed:  # PS3.3 C.11.1.1.1: the first value has the sign of the pixels
            descriptor = (descriptor[0], item.integers("LUTDescriptor", signed=True)[1], descriptor[2])
        return ModalityTable.of(descriptor, data, little_endian=little_endian)
    return None


def _high_bit(elements: Elements, bits: int) -> int:
    """High Bit where it is possible; else what the standard asks for, one less than Bits Stored (PS3.5 8.1.1)."""
    stored, high = elements.integer("BitsStored") or bits, elements.integer("HighBit")
    return high if high is not None and stored - 1 <= high < bits else stored - 1


def _temporal_position(elements: Elements) -> int:
    """PS3.3 C.7.6.16.2.2 for a frame, C.8.3.1 for a slice; 0 where there is none."""
    index = elements.integer("TemporalPositionIndex")
    return index if index is not None else int(_finite(elements.decimal("TemporalPositionIdentifier", 0.0), 0.0))


def _acquired_at(elements: Elements) -> str:
    """Date and time of the acquisition, as far as they are told; for sorting."""
    for keyword in ("FrameAcquisitionDateTime", "AcquisitionDateTime"):
        if text := elements.text(keyword):
            return text
    return elements.text("AcquisitionDate") + elements.text("AcquisitionTime")


def _positive(value: float) -> float | None:
    return value if math.isfinite(value) and value > 0 else None


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

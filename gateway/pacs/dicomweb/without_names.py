"""Headers for who may not see names: a list of what is kept, and a pseudonym for the patient.

Kept are the geometry, the description of the pixels and the UIDs, each checked for what it is: a number, a UID, a term
of the list below. All else goes: names, IDs, dates, descriptions, private elements, and codes that a site may write
freely. Text that is burned into the pixels stays there.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.pacs.dicomweb.dicom_json import BULK_DATA, Json, element, tag_of
from screening.dicom.slice_header import is_uid

_UIDS: Final = (
    "SOPClassUID",
    "SOPInstanceUID",
    "AvailableTransferSyntaxUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
)
_NUMBERS: Final = (
    "SeriesNumber",
    "InstanceNumber",
    "AcquisitionNumber",
    "TemporalPositionIdentifier",
    "TemporalPositionIndex",
    "NumberOfFrames",
    "InStackPositionNumber",
    "DimensionIndexValues",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "SliceLocation",
    "SliceThickness",
    "SpacingBetweenSlices",
    "PixelSpacing",
    "GantryDetectorTilt",
    "KVP",
    "SamplesPerPixel",
    "PlanarConfiguration",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "SmallestImagePixelValue",
    "LargestImagePixelValue",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "WindowCenter",
    "WindowWidth",
    "RescaleIntercept",
    "RescaleSlope",
    "LossyImageCompressionRatio",
)
_TERMS: Final[Mapping[str, frozenset[str]]] = {
    "Modality": frozenset({"CT"}),
    "ImageType": frozenset({"ORIGINAL", "DERIVED", "PRIMARY", "SECONDARY", "AXIAL", "LOCALIZER", "VOLUME", "MPR"}),
    "FrameType": frozenset({"ORIGINAL", "DERIVED", "PRIMARY", "SECONDARY", "AXIAL", "LOCALIZER", "VOLUME", "MPR"}),
    "PhotometricInterpretation": frozenset({"MONOCHROME1", "MONOCHROME2"}),
    "RescaleType": frozenset({"HU", "US"}),
    "PatientPosition": frozenset({"HFS", "HFP", "FFS", "FFP", "HFDR", "HFDL", "FFDR", "FFDL"}),
    "LossyImageCompression": frozenset({"00", "01"}),
    "BurnedInAnnotation": frozenset({"NO"}),
}
_SEQUENCES: Final = (
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "PixelMeasuresSequence",
    "PlanePositionSequence",
    "PlaneOrientationSequence",
    "FrameContentSequence",
    "FrameVOILUTSequence",
    "PixelValueTransformationSequence",
    "CTImageFrameTypeSequence",
)
_PIXEL_DATA: Final = "7FE00010"
_KINDS: Final = {
    **{tag_of(keyword): "uid" for keyword in _UIDS},
    **{tag_of(keyword): "number" for keyword in _NUMBERS},
    **{tag_of(keyword): "sequence" for keyword in _SEQUENCES},
}
_CODES: Final = {tag_of(keyword): terms for keyword, terms in _TERMS.items()}
_NUMBER: Final = re.compile(r"[+-]?[0-9.]{1,16}([eE][+-]?[0-9]{1,3})?")


def without_names(header: Mapping[str, Any], pseudonym: str) -> Json:
    """A header of an image, with the pseudonym as name and ID of the patient, and nothing else that may tell of it."""
    return {**_kept(header), **patient_of(pseudonym)}


def kept(attributes: Mapping[str, Any]) -> Json:
    """Those of the elements that tell nothing of the patient."""
    return _kept(attributes)


def patient_of(pseudonym: str) -> Json:
    """Patient and study as far as they are told: the pseudonym, and empty what a study must have (type 2)."""
    return {
        **element("StudyDate", "DA"),
        **element("StudyTime", "TM"),
        **element("AccessionNumber", "SH"),
        **element("ReferringPhysicianName", "PN"),
        **element("PatientName", "PN", {"Alphabetic": pseudonym}),
        **element("PatientID", "LO", pseudonym),
        **element("PatientBirthDate", "DA"),
        **element("PatientSex", "CS"),
        **element("StudyID", "SH"),
        **element("PatientIdentityRemoved", "CS", "YES"),
    }


def _kept(elements: Mapping[str, Any]) -> Json:
    found: Json = {}
    for tag, one in elements.items():
        if tag == _PIXEL_DATA and BULK_DATA in one:
            found[tag] = {"vr": "OW", BULK_DATA: one[BULK_DATA]}
        elif values := _values(tag, one.get("Value", ())):
            found[tag] = {"vr": one["vr"], "Value": values}
    return found


def _values(tag: str, values: Sequence[Any]) -> list[Any]:
    if tag in _CODES:
        return [value if value in _CODES[tag] else "OTHER" for value in values] if _all_known(tag, values) else []
    kind = _KINDS.get(tag)
    if kind == "uid" and all(isinstance(value, str) and is_uid(value) for value in values):
        return list(values)
    if kind == "number" and all(map(_is_number, values)):
        return list(values)
    if kind == "sequence":
        return [_kept(item) for item in values if isinstance(item, Mapping)]
    return []


def _all_known(tag: str, values: Sequence[Any]) -> bool:
    """A term alone must be known; in a list (Image Type), whose places have a meaning, an unknown one is OTHER."""
    return len(values) > 1 or all(value in _CODES[tag] for value in values)


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return _NUMBER.fullmatch(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)

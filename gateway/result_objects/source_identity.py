"""Patient, study and frame of reference of the source, as values that may be written into a new object.

Reading is tolerant: an element that is no valid value of its VR is left empty, where the standard lets it be empty
(type 2). What identifies the patient and the study is never shortened or guessed: without it there is no object.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from pydicom.charset import convert_encodings, decode_bytes
from pydicom.dataset import Dataset
from pydicom.uid import UID

from gateway.errors import NoDicomIdentity
from screening.dicom.derived_uids import derived_uid
from screening.dicom.element_values import Elements
from screening.dicom.pydicom_logging import PARSE_ERRORS, suppress_pydicom_warnings

UTF_8: Final = "ISO_IR 192"  # PS3.3 C.12.1.1.2
LONGEST_LO, LONGEST_SH, LONGEST_GROUP = 64, 16, 64  # characters, PS3.5 6.2; a group of a name is up to a "="
_NAME_DELIMITERS: Final = {ord("^"), ord("=")}
_TEXT_DELIMITERS: Final = {ord("\\"), ord("\t"), ord("\n"), ord("\f"), ord("\r")}
_DATE: Final = re.compile(r"(\d{4})\.?(0[1-9]|1[0-2])\.?(0[1-9]|[12]\d|3[01])")  # with points as in ACR-NEMA
_TIME: Final = re.compile(r"([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?")


def is_writable_uid(uid: str) -> bool:
    """PS3.5 9.1, without the leading zeros that readers accept."""
    return len(uid) <= 64 and bool(UID(uid).is_valid)


def identity_of(header: Dataset, series_uid: str) -> Dataset:
    """The Patient, General Study, Patient Study and Frame of Reference modules for an object beside this image.

    Raises NoDicomIdentity when the patient's ID cannot be written as it is. A source without a Frame of Reference UID
    gets one that is derived from its series.
    """
    elements = Elements(header)
    identity = Dataset()
    for keyword, valid in _RULES.items():
        setattr(identity, keyword, valid(_text(elements, keyword)))
    for keyword in _OPTIONAL:
        if not identity.get(keyword):
            delattr(identity, keyword)
    told = elements.text("FrameOfReferenceUID")
    identity.FrameOfReferenceUID = told if is_writable_uid(told) else derived_uid("frame of reference", series_uid)
    identity.StudyInstanceUID = elements.text("StudyInstanceUID")
    identity.SpecificCharacterSet = UTF_8
    return identity


def _text(elements: Elements, keyword: str) -> str:
    """The first value as text without control characters, "" when absent."""
    value, _ = elements.data(keyword)
    names = keyword.endswith("Name")
    try:
        with suppress_pydicom_warnings():
            encodings = convert_encodings(list(elements.texts("SpecificCharacterSet")) or None)
            text = decode_bytes(value, encodings, _NAME_DELIMITERS if names else _TEXT_DELIMITERS)
    except (*PARSE_ERRORS, UnicodeError):
        text = value.decode("latin-1")
    first = text.partition("\\")[0]
    return "".join(one for one in first if unicodedata.category(one) != "Cc").strip()


def _patient_id(text: str) -> str:
    if len(text) > LONGEST_LO:
        raise NoDicomIdentity("the Patient ID of the images has more than 64 characters, so no object can repeat it")
    return text


def _name(text: str) -> str:
    return "=".join(group[:LONGEST_GROUP] for group in text.split("=")[:3])


def _date(text: str) -> str:
    found = _DATE.fullmatch(text)
    return "".join(found.groups()) if found else ""


def _matching(pattern: str) -> Callable[[str], str]:
    return lambda text: text if re.fullmatch(pattern, text) else ""


def _at_most(characters: int) -> Callable[[str], str]:
    """A number that another system compares is right or empty, never cut."""
    return lambda text: text if len(text) <= characters else ""


_RULES: Final[Mapping[str, Callable[[str], str]]] = MappingProxyType(
    {
        "PatientName": _name,
        "PatientID": _patient_id,
        "IssuerOfPatientID": _at_most(LONGEST_LO),
        "PatientBirthDate": _date,
        "PatientSex": _matching("[MFO]"),
        "PatientAge": _matching(r"\d{3}[DWMY]"),
        "StudyDate": _date,
        "StudyTime": lambda text: text if _TIME.fullmatch(text) else "",
        "StudyID": _at_most(LONGEST_SH),
        "AccessionNumber": _at_most(LONGEST_SH),
        "ReferringPhysicianName": _name,
        "StudyDescription": lambda text: text[:LONGEST_LO],
        "PositionReferenceIndicator": _at_most(LONGEST_LO),
        "TimezoneOffsetFromUTC": _matching(r"[+-](0\d|1[0-4])[0-5]\d"),
    }
)
_OPTIONAL: Final = ("IssuerOfPatientID", "PatientAge", "StudyDescription", "TimezoneOffsetFromUTC")

"""What is read of an instance when it comes: whose it is, its UIDs, and what rules ask for. Pixels are not read."""

import hashlib
import re
import threading
import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Final

from pydicom.dataset import Dataset
from pydicom.valuerep import PersonName

from gateway.pacs.receiving.refusals import Refusal, Refused
from gateway.pacs.routing.ages import age_years
from gateway.result_objects.object_identity import is_result
from gateway.text_rule import MAX_NAME_LENGTH, is_visible
from screening.dicom.part10 import read_file_header
from screening.dicom.pydicom_logging import PARSE_ERRORS, suppress_pydicom_warnings
from screening.dicom.slice_header import is_uid
from screening.errors import BrokenDicom
from screening.intake.budgets import Budgets
from screening.intake.upload_members import Member

DAYS_PER_YEAR: Final = 365.25
AGE_UNITS: Final = {"Y": 1.0, "M": 1 / 12, "W": 7 / DAYS_PER_YEAR, "D": 1 / DAYS_PER_YEAR}  # PS3.5 6.2, VR AS
REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"  # pydicom's for what it cannot decode
NO_TEXT: Final = frozenset({"Cc", "Cs"})  # control characters, and halves of characters
_ONE_READER = threading.Lock()  # warnings and log levels, which reading changes, are those of the process


@dataclass(frozen=True)
class PatientIdentity:
    """Patient ID (0010,0020) and Issuer of Patient ID (0010,0021), each empty where there is none."""

    number: str = field(repr=False)
    issuer: str = field(repr=False, default="")

    def is_other(self, than: "PatientIdentity") -> bool:
        """Whether they are two patients. A missing identifier is nobody's in particular."""
        return _differ(self.number, than.number) or _differ(self.issuer, than.issuer)

    def completed_by(self, other: "PatientIdentity") -> "PatientIdentity":
        """The same patient, with what only `other` tells."""
        return PatientIdentity(self.number or other.number, self.issuer or other.issuer)


@dataclass(frozen=True)
class InstanceHeader:
    """The header of one instance. Texts are cleaned and cut; they may name a patient."""

    sop_class: str
    sop_uid: str
    study_uid: str
    series_uid: str
    modality: str
    patient: PatientIdentity
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    body_part: str = field(repr=False)
    station: str = field(repr=False)
    study_description: str = field(repr=False)
    series_description: str = field(repr=False)
    age_years: float | None = field(repr=False)
    is_result: bool  # of this program
    begins_at: int  # the data set, in the file


def read_instance_header(path: Path, budgets: Budgets) -> InstanceHeader:
    """The header of a file; raises Refused without valid UIDs, and NotDicom, BrokenDicom or OverBudget."""
    with _ONE_READER:
        member = Member("instance", path, path.stat().st_size)
        head = read_file_header(member, budgets)
        try:
            with suppress_pydicom_warnings():
                header = _header_of(head.dataset, head.begins_at)
        except PARSE_ERRORS:
            raise BrokenDicom("A DICOM file has an element that cannot be read.") from None
    if not all(is_uid(uid) and len(uid) <= 64 for uid in (header.sop_uid, header.study_uid, header.series_uid)):
        raise Refused(Refusal.NO_UID)
    return header


def digest_of_dataset(path: Path, header: InstanceHeader) -> str:
    """The SHA-256 of a file without its file meta information, which is the receiver's own."""
    with path.open("rb") as file:
        file.seek(header.begins_at)
        return hashlib.file_digest(file, "sha256").hexdigest()


def _header_of(dataset: Dataset, begins_at: int) -> InstanceHeader:
    family, given = _names(dataset.get("PatientName"))
    return InstanceHeader(
        sop_class=_text(dataset, "SOPClassUID"),
        sop_uid=_text(dataset, "SOPInstanceUID"),
        study_uid=_text(dataset, "StudyInstanceUID"),
        series_uid=_text(dataset, "SeriesInstanceUID"),
        modality=_text(dataset, "Modality"),
        patient=PatientIdentity(_identifier(dataset, "PatientID"), _identifier(dataset, "IssuerOfPatientID")),
        first_name=given,
        last_name=family,
        body_part=_text(dataset, "BodyPartExamined"),
        station=_text(dataset, "StationName"),
        study_description=_text(dataset, "StudyDescription"),
        series_description=_text(dataset, "SeriesDescription"),
        age_years=_age_years(dataset),
        is_result=is_result(dataset),
        begins_at=begins_at,
    )


def _text(dataset: Dataset, keyword: str) -> str:
    value = dataset.get(keyword)
    return "" if value is None else _clean(str(value))


def _identifier(dataset: Dataset, keyword: str) -> str:
    """An identifier is compared, never cleaned: two that differ in what cannot be seen are two. PS3.5 6.2, VR LO.

    Raises BrokenDicom for several values, for bytes that its character set does not have, which would be one and the
    same replacement in the identifiers of several patients, and for control characters.
    """
    value = dataset.get(keyword) or ""
    text = str(value).strip(" \0")
    if not isinstance(value, str | PersonName) or len(text) > MAX_NAME_LENGTH or any(map(_is_in_no_identifier, text)):
        raise BrokenDicom("A DICOM file has a Patient ID that is none.")
    return text


def _is_in_no_identifier(letter: str) -> bool:
    return letter == REPLACEMENT or unicodedata.category(letter) in NO_TEXT


def _clean(text: str) -> str:
    shown = "".join(letter for letter in unicodedata.normalize("NFC", text) if is_visible(letter))
    return shown[:MAX_NAME_LENGTH].strip(" ")


def _names(value: object) -> tuple[str, str]:
    """Family and given name; PS3.5 6.2.1.1 has five components, the middle name is said with the given one."""
    if not value:
        return "", ""
    name = value if isinstance(value, PersonName) else PersonName(str(value))
    return _clean(name.family_name), _clean(f"{name.given_name} {name.middle_name}")


def _age_years(dataset: Dataset) -> float | None:
    """Patient's Age (0010,1010), else from the dates of birth and study; None where neither says it."""
    if found := re.fullmatch(r"(\d{3})([YMWD])", _text(dataset, "PatientAge")):
        return int(found[1]) * AGE_UNITS[found[2]]
    return age_years(_date(_text(dataset, "PatientBirthDate")), _date(_text(dataset, "StudyDate")))


def _date(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a date of the calendar
    except ValueError:
        return None


def _differ(one: str, other: str) -> bool:
    return bool(one and other and one != other)

"""The keys of a query, and the answers that they give: the same for C-FIND and QIDO-RS (PS3.4 C.6.2, PS3.18 10.6)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

from gateway.pacs.archives.query import FoundSeries, FoundStudy, StudyQuery
from screening.dicom.slice_header import is_uid

Values = Mapping[str, Sequence[str]]  # of an answer, by keyword

STUDY_KEYS: Final = (
    "StudyInstanceUID",
    "StudyDate",
    "ModalitiesInStudy",
    "NumberOfStudyRelatedInstances",
    "AccessionNumber",
    "StudyDescription",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
)
SERIES_KEYS: Final = (
    "SeriesInstanceUID",
    "Modality",
    "BodyPartExamined",
    "StationName",
    "SeriesDescription",
    "NumberOfSeriesRelatedInstances",
)
INSTANCE_KEYS: Final = ("SOPInstanceUID",)


def study_matches(query: StudyQuery) -> Mapping[str, str]:
    """The keys with values, those to be matched."""
    wanted = {
        "StudyDate": query.dates,
        "ModalitiesInStudy": query.modality,
        "AccessionNumber": query.accession_number,
        "PatientID": query.patient_id,
        "StudyInstanceUID": "\\".join(query.study_uids),
    }
    return {keyword: value for keyword, value in wanted.items() if value}


def found_study(values: Values) -> FoundStudy | None:
    """The study of an answer; None when it has no valid UID."""
    uid = _first(values, "StudyInstanceUID")
    if not is_uid(uid):
        return None
    return FoundStudy(
        study_uid=uid,
        study_date=_date(values, "StudyDate"),
        modalities=frozenset(filter(None, values.get("ModalitiesInStudy", ()))),
        instances=_count(values, "NumberOfStudyRelatedInstances"),
        accession_number=_first(values, "AccessionNumber"),
        description=_first(values, "StudyDescription"),
        patient_id=_first(values, "PatientID"),
        issuer=_first(values, "IssuerOfPatientID"),
        birth_date=_date(values, "PatientBirthDate"),
    )


def found_series(values: Values) -> FoundSeries | None:
    """The series of an answer; None when it has no valid UID."""
    uid = _first(values, "SeriesInstanceUID")
    if not is_uid(uid):
        return None
    return FoundSeries(
        series_uid=uid,
        modality=_first(values, "Modality"),
        body_part=_first(values, "BodyPartExamined"),
        station=_first(values, "StationName"),
        description=_first(values, "SeriesDescription"),
        instances=_count(values, "NumberOfSeriesRelatedInstances"),
    )


def sop_instance_uid(values: Values) -> str | None:
    """The SOP Instance UID of an answer; None when it is none."""
    uid = _first(values, "SOPInstanceUID")
    return uid if is_uid(uid) else None


def _first(values: Values, keyword: str) -> str:
    return next(iter(values.get(keyword, ())), "")


def _count(values: Values, keyword: str) -> int | None:
    text = _first(values, keyword)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _date(values: Values, keyword: str) -> date | None:
    try:
        return datetime.strptime(_first(values, keyword), "%Y%m%d").date()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        return None

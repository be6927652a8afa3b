"""What a query accepts, what fits it, and what is read of an answer."""

from datetime import date

import pytest
from pydantic import TypeAdapter, ValidationError

from gateway.pacs.archives.keys import found_series, found_study, study_matches
from gateway.pacs.archives.query import FoundStudy, StudyQuery
from gateway.settings.archives import AnyArchiveSettings

ARCHIVE: TypeAdapter[object] = TypeAdapter(AnyArchiveSettings)
DIMSE = {"kind": "dimse", "host": "pacs", "port": 104, "ae_title": "PACS"}
WEB = {"kind": "dicomweb", "url": "https://vna.example/dicom-web"}


def test_a_query_refuses_what_is_none() -> None:
    with pytest.raises(ValueError, match="2 of 3 are no UIDs"):
        StudyQuery(study_uids=("1.2", "1.2.x", "1" * 65))
    with pytest.raises(ValueError, match="ends before it begins"):
        StudyQuery(since=date(2024, 2, 1), until=date(2024, 1, 1))
    with pytest.raises(ValueError, match="backslash"):
        StudyQuery(accession_number="A\\B")


def test_the_period_becomes_a_range_of_dicom() -> None:
    day = date(2024, 1, 2)
    assert [
        StudyQuery(since=since, until=until).dates for since, until in ((None, None), (day, None), (None, day))
    ] == [
        "",
        "20240102-",
        "-20240102",
    ]
    assert study_matches(StudyQuery(since=day, until=day, study_uids=("1.2", "1.3"))) == {
        "StudyDate": "20240102-20240102",
        "StudyInstanceUID": "1.2\\1.3",
    }


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        (StudyQuery(), True),
        (StudyQuery(modality="CT"), True),
        (StudyQuery(modality="MR"), False),
        (StudyQuery(since=date(2024, 1, 2)), True),
        (StudyQuery(since=date(2024, 1, 3)), False),
        (StudyQuery(until=date(2024, 1, 1)), False),
        (StudyQuery(accession_number="A"), True),
        (StudyQuery(accession_number="B"), False),
        (StudyQuery(accession_number="B*"), True),
        (StudyQuery(patient_id="P"), True),
        (StudyQuery(patient_id="*"), False),
        (StudyQuery(study_uids=("1.3",)), False),
    ],
)
def test_an_answer_that_contradicts_the_query_does_not_fit(query: StudyQuery, fits: bool) -> None:
    study = FoundStudy("1.2", date(2024, 1, 2), frozenset({"CT", "SR"}), accession_number="A", patient_id="P")
    assert study.fits(query) is fits


def test_what_an_answer_does_not_say_is_unknown_and_not_zero() -> None:
    assert found_study({"StudyInstanceUID": ["../x"]}) is None
    assert found_series({"Modality": ["CT"]}) is None
    for number in ("", "-1", "many", "1" * 12, "²"):
        study = found_study({"StudyInstanceUID": ["1.2"], "NumberOfStudyRelatedInstances": [number]})
        assert study is not None
        assert (study.instances, study.study_date, study.modalities) == (None, None, frozenset())


def test_what_identifies_a_patient_is_in_no_repr() -> None:
    study = FoundStudy("1.2", accession_number="PLANTED", description="PLANTED", patient_id="PLANTED", issuer="PLANTED")
    assert "PLANTED" not in repr(study) + repr(StudyQuery(accession_number="PLANTED", patient_id="PLANTED"))


@pytest.mark.parametrize(
    "wrong",
    [
        DIMSE | {"retrieve": "move"},
        DIMSE | {"ae_title": "longer than sixteen"},
        DIMSE | {"tls_ca": "ca.pem"},
        DIMSE | {"tls": True, "tls_key": "key.pem"},
        DIMSE | {"hours": "20-6"},
        DIMSE | {"rate": "fast"},
        DIMSE | {"password": "secret"},
        WEB | {"url": "http://vna.example"},
        WEB | {"user": "reader"},
        WEB | {"user": "reader", "password_variable": "hunter2"},
        WEB | {"user": "reader", "password_variable": "PASSWORD", "token_variable": "TOKEN"},
        {"kind": "ftp"},
    ],
)
def test_an_archive_of_the_settings_that_cannot_work_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ARCHIVE.validate_python(wrong)


def test_archives_of_both_kinds_are_accepted() -> None:
    assert ARCHIVE.validate_python(DIMSE | {"retrieve": "move", "store_port": 11113, "hours": "20:00-06:00"})
    assert ARCHIVE.validate_python(WEB | {"token_variable": "VNA_TOKEN"})

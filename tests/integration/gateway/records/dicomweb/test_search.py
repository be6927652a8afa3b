"""QIDO-RS with dicomweb-client: matching, paging, levels; the newest scan answers; a deleted scan is gone."""

from pathlib import Path

import httpx
import psycopg
import pydicom
import pytest
from dicomweb_client.api import DICOMwebClient
from pydicom.dataset import Dataset

from screening.phantom.phantom_study import write_phantom
from tests.integration.gateway.auth.api_calls import problem
from tests.integration.gateway.records.dicomweb.conftest import value
from tests.integration.gateway.records.dicomweb.held_study import READING_S
from tests.integration.gateway.records.viewing_calls import create_scan, datasets
from tests.integration.polling import until

STUDIES = "/dicom-web/studies"


@pytest.fixture(scope="module")
def study_uid(held: str, reader: DICOMwebClient, originals: list[Dataset]) -> str:
    """The UID of the held study, once it is listed."""
    uid = str(originals[0].StudyInstanceUID)
    until(lambda: bool(reader.search_for_studies(search_filters={"StudyInstanceUID": uid})), READING_S)
    return uid


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"PatientID": "HELD-1"},
        {"00100020": "HELD-?"},
        {"PatientName": "анна*"},
        {"PatientName": "*КОВАЛЁВА"},
        {"StudyDate": "20240229"},
        {"StudyDate": "20240101-20241231"},
        {"StudyDate": "-20240229"},
        {"StudyDate": "20240229-"},
        {"ModalitiesInStudy": "MR,CT"},
        {"ModalitiesInStudy": "SR"},
        {"AccessionNumber": "ACC*"},
        {"StudyDescription": "SYNTHETIC*"},
        {"ReferringPhysicianName": "house^g"},
        {"PatientBirthDate": "19500101"},
        {"StudyID": "1"},
        {"PatientID": "*"},
        {"PatientID": ""},
    ],
    ids=str,
)
def test_a_study_is_found_by(radiologist: httpx.Client, study_uid: str, query: dict[str, str]) -> None:
    answer = radiologist.get(STUDIES, params=query)
    assert answer.headers["content-type"] == "application/dicom+json"
    assert study_uid in {value(one, "StudyInstanceUID") for one in answer.json()}


@pytest.mark.parametrize(
    "query",
    [
        {"PatientID": "HELD"},
        {"PatientID": "held-1"},
        {"PatientID": "HELD_1"},
        {"PatientName": "Анна"},
        {"StudyDate": "20240301-"},
        {"StudyDate": "20230101-20231231"},
        {"ModalitiesInStudy": "MR"},
        {"AccessionNumber": "%"},
        {"StudyInstanceUID": "1.2.3,1.2.4"},
    ],
    ids=str,
)
def test_a_study_is_not_found_by(radiologist: httpx.Client, study_uid: str, query: dict[str, str]) -> None:
    answer = radiologist.get(STUDIES, params=query)
    assert (answer.status_code, answer.content) == (204, b"")


def test_what_a_study_says(reader: DICOMwebClient, study_uid: str, originals: list[Dataset]) -> None:
    (found,) = reader.search_for_studies(search_filters={"StudyInstanceUID": f"1.2.3,{study_uid}"})
    read = Dataset.from_json(found)
    one = originals[0]
    assert (read.PatientName, read.PatientID) == (one.PatientName, one.PatientID)
    assert (read.StudyDate, read.AccessionNumber, read.InstanceAvailability) == ("20240229", "ACC-77", "ONLINE")
    assert set(read.ModalitiesInStudy) >= {"CT", "SR"}
    assert read.RetrieveURL.endswith(f"{STUDIES}/{study_uid}")


def test_the_result_objects_are_further_series_of_the_study(reader: DICOMwebClient, study_uid: str) -> None:
    series = reader.search_for_series(study_uid)
    assert [value(one, "Modality") for one in series] == ["CT", "SR", "SEG", "OT", "OT", "KO", "PR", "DOC"]
    (found,) = reader.search_for_studies(search_filters={"StudyInstanceUID": study_uid})
    instances = reader.search_for_instances(study_uid)
    assert value(found, "NumberOfStudyRelatedSeries") == len(series)
    assert value(found, "NumberOfStudyRelatedInstances") == len(instances) > 24
    segmentations = reader.search_for_instances(search_filters={"Modality": "SEG", "StudyInstanceUID": study_uid})
    assert [value(one, "SOPClassUID") for one in segmentations] == [pydicom.uid.SegmentationStorage]
    only = reader.search_for_series(search_filters={"Modality": "CT", "StudyInstanceUID": study_uid})
    assert [value(one, "NumberOfSeriesRelatedInstances") for one in only] == [24]


def test_instances_come_in_their_order_and_in_pages(
    radiologist: httpx.Client, study_uid: str, originals: list[Dataset]
) -> None:
    series = originals[0].SeriesInstanceUID
    path = f"{STUDIES}/{study_uid}/series/{series}/instances"
    numbers = [value(one, "InstanceNumber") for one in radiologist.get(path).json()]
    assert numbers == list(range(1, 25))
    answer = radiologist.get(path, params={"limit": 5, "offset": 10})
    assert [value(one, "InstanceNumber") for one in answer.json()] == [11, 12, 13, 14, 15]
    assert answer.headers["warning"].startswith("299 turnstile")
    assert radiologist.get(path, params={"offset": 24}).status_code == 204
    (one,) = radiologist.get(path, params={"InstanceNumber": "7"}).json()
    assert value(one, "Rows") == 96


def test_what_cannot_be_matched_is_an_error_and_fuzzy_matching_a_warning(
    radiologist: httpx.Client, study_uid: str
) -> None:
    for query in ({"PatientNam": "x"}, {"SOPInstanceUID": "1.2"}, {"StudyDate": "yesterday"}, {"limit": "-1"}):
        assert problem(radiologist.get(STUDIES, params=query)) == (400, "invalid_query")
    assert problem(radiologist.get(STUDIES, params={"StudyInstanceUID": "x'--"})) == (400, "invalid_query")
    answer = radiologist.get(STUDIES, params={"fuzzymatching": "true", "includefield": "all"})
    assert "fuzzymatching" in answer.headers["warning"]
    for accept in ("text/html", 'multipart/related; type="application/dicom+xml"'):
        assert problem(radiologist.get(STUDIES, headers={"Accept": accept})) == (406, "not_acceptable")
    assert radiologist.get(STUDIES, headers={"Accept": "application/json"}).status_code == 200


def test_the_newest_scan_of_a_study_answers_and_a_deleted_one_is_gone(
    radiologist: httpx.Client, admin: httpx.Client, database_url: str, tmp_path: Path
) -> None:
    content = write_phantom(tmp_path / "twice.zip", slices=16, size=64, seed=11).read_bytes()
    uid = str(datasets(content)[0].StudyInstanceUID)
    path = f"{STUDIES}/{uid}/series"
    first, second = create_scan(radiologist, content), create_scan(radiologist, content)
    until(lambda: radiologist.get(STUDIES).is_success and indexed(database_url, uid) == {first, second}, READING_S)
    assert len(radiologist.get(STUDIES, params={"StudyInstanceUID": uid}).json()) == 1
    assert radiologist.get(path).status_code == 200
    assert seen(admin, first) == []
    assert seen(admin, second) == ["DICOM search of series"]
    assert radiologist.delete(f"/api/scans/{second}").status_code == 204
    assert indexed(database_url, uid) == {first}
    assert radiologist.get(path).status_code == 200
    assert radiologist.delete(f"/api/scans/{first}").status_code == 204
    assert indexed(database_url, uid) == set()
    assert problem(radiologist.get(path)) == (404, "not_found")


def seen(admin: httpx.Client, scan: str) -> list[str]:
    """What the audit log says was seen of a scan."""
    events = admin.get("/api/audit", params={"entity": "scan", "entity_id": scan}).json()["items"]
    return [event["detail"]["seen"] for event in events if "seen" in event["detail"]]


def indexed(database_url: str, study_uid: str) -> set[str]:
    """The scans whose rows name the study."""
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT scan_id FROM dicom_studies WHERE study_uid = %s", [study_uid]).fetchall()
    return {str(row[0]) for row in rows}


def test_an_upload_that_holds_no_dicom_hides_no_other(
    radiologist: httpx.Client, database_url: str, study_uid: str
) -> None:
    scan = create_scan(radiologist, b"PK\x05\x06" + bytes(18))

    def error() -> object:
        with psycopg.connect(database_url) as connection:
            return connection.execute("SELECT error FROM dicom_indexes WHERE scan_id = %s", [scan]).fetchone()

    until(lambda: radiologist.get(STUDIES).is_success and error() == ("empty_upload",), READING_S)
    assert study_uid in radiologist.get(STUDIES).text

"""WADO-RS with dicomweb-client and httpx: the upload's bytes, headers, frames, pictures; roles, institutions."""

import io
import json
from typing import Any

import cv2
import httpx
import numpy as np
import pydicom
import pytest
from dicomweb_client.api import DICOMwebClient
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from gateway.permissions import Role, Scope
from screening.views.display_window import Window
from tests.integration.gateway.auth.api_calls import problem
from tests.integration.gateway.records.dicomweb.conftest import Reader, value
from tests.integration.gateway.records.dicomweb.held_study import READING_S
from tests.integration.gateway.records.viewing_calls import hu_of
from tests.integration.polling import until

AS_STORED = (("application/dicom", "*"),)


@pytest.fixture(scope="module")
def study(held: str, radiologist: httpx.Client, originals: list[Dataset]) -> str:
    """The path of the held study, once it is listed."""
    path = f"/dicom-web/studies/{originals[0].StudyInstanceUID}"
    until(lambda: radiologist.get(f"{path}/series").status_code == 200, patience_s=READING_S)
    return path


@pytest.fixture(scope="module")
def slice_(study: str, originals: list[Dataset]) -> str:
    """The path of the lowest slice."""
    return f"{study}/series/{originals[0].SeriesInstanceUID}/instances/{originals[0].SOPInstanceUID}"


def test_the_files_of_a_series_are_those_of_the_upload(
    radiologist: httpx.Client, reader: DICOMwebClient, study: str, originals: list[Dataset], files: dict[str, bytes]
) -> None:
    uids = (originals[0].StudyInstanceUID, originals[0].SeriesInstanceUID)
    read = reader.retrieve_series(*uids, media_types=AS_STORED)
    assert {one.SOPInstanceUID: one.PixelData for one in read} == {
        one.SOPInstanceUID: one.PixelData for one in originals
    }
    accept = {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}
    answer = radiologist.get(f"{study}/series/{uids[1]}", headers=accept)
    boundary = answer.headers["content-type"].rpartition("boundary=")[2].encode()
    parts = answer.content.split(b"--" + boundary)
    contents = [part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n") for part in parts[1:-1]]
    assert sorted(contents) == sorted(files.values())
    assert parts[-1] == b"--\r\n"


def test_one_file_alone_and_a_range_of_syntaxes(
    radiologist: httpx.Client, slice_: str, originals: list[Dataset], files: dict[str, bytes]
) -> None:
    uid = originals[0].SOPInstanceUID
    for accept in ("application/dicom", "application/dicom; transfer-syntax=1.2.840.10008.1.2.1"):
        answer = radiologist.get(slice_, headers={"Accept": accept})
        assert answer.headers["content-type"] == "application/dicom; transfer-syntax=1.2.840.10008.1.2.1"
        assert answer.content == files[uid]
    for accept in ("text/html", "application/dicom; transfer-syntax=1.2.840.10008.1.2.4.90", "image/jpeg"):
        assert problem(radiologist.get(slice_, headers={"Accept": accept})) == (406, "not_acceptable")


def test_a_whole_study_comes_with_its_results(reader: DICOMwebClient, study: str, originals: list[Dataset]) -> None:
    read = reader.retrieve_study(originals[0].StudyInstanceUID)
    assert {one.Modality for one in read} == {"CT", "SR", "SEG", "OT", "KO", "PR", "DOC"}
    assert {(one.PatientID, one.StudyInstanceUID) for one in read} == {("HELD-1", originals[0].StudyInstanceUID)}
    headers = reader.retrieve_study_metadata(originals[0].StudyInstanceUID)
    assert {value(one, "SOPInstanceUID") for one in headers} == {one.SOPInstanceUID for one in read}
    for one in read:
        assert one.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"


def test_a_header_is_that_of_the_file(
    radiologist: httpx.Client, reader: DICOMwebClient, slice_: str, originals: list[Dataset]
) -> None:
    one = originals[0]
    uids = (one.StudyInstanceUID, one.SeriesInstanceUID, one.SOPInstanceUID)
    header = reader.retrieve_instance_metadata(*uids)
    read = Dataset.from_json({tag: said for tag, said in header.items() if "BulkDataURI" not in said})
    for element in one:
        if element.keyword not in ("PixelData", "SpecificCharacterSet"):
            assert read[element.tag].value == element.value, element.keyword
    link = header["7FE00010"]["BulkDataURI"]
    assert link.endswith(f"{slice_}/bulkdata/7FE00010")
    answer = radiologist.get(f"{slice_}/bulkdata/7FE00010", headers={"Accept": "application/octet-stream"})
    assert answer.content == one.PixelData
    assert problem(radiologist.get(f"{slice_}/bulkdata/00111111")) == (404, "not_found")


def test_frames_and_pictures(
    radiologist: httpx.Client, reader: DICOMwebClient, slice_: str, originals: list[Dataset]
) -> None:
    one = originals[0]
    uids = (one.StudyInstanceUID, one.SeriesInstanceUID, one.SOPInstanceUID)
    assert reader.retrieve_instance_frames(*uids, [1]) == [one.PixelData]
    ohif = {"Accept": "multipart/related; type=application/octet-stream; transfer-syntax=*"}
    assert one.PixelData in radiologist.get(f"{slice_}/frames/1", headers=ohif).content
    assert problem(radiologist.get(f"{slice_}/frames/2")) == (404, "not_found")
    assert radiologist.get(f"{slice_}/frames/0,x").status_code == 422
    for query, window in (({}, Window(-600, 1500)), ({"window": "40,400,linear"}, Window(40, 400))):
        answer = radiologist.get(f"{slice_}/rendered", params=query, headers={"Accept": "image/png"})
        assert np.array_equal(picture(answer, cv2.IMREAD_UNCHANGED), window.grey(hu_of(one).astype(np.int16)))
    assert radiologist.get(f"{slice_}/rendered").headers["content-type"] == "image/jpeg"
    assert radiologist.get(f"{slice_}/frames/1/rendered").content[:2] == b"\xff\xd8"
    assert radiologist.get(f"{slice_}/thumbnail", headers={"Accept": "image/*"}).status_code == 200
    assert problem(radiologist.get(f"{slice_}/rendered", params={"window": "40"})) == (400, "invalid_query")
    assert problem(radiologist.get(f"{slice_}/rendered", headers={"Accept": "image/gif"})) == (406, "not_acceptable")


def picture(answer: httpx.Response, flags: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.imdecode(np.frombuffer(answer.content, np.uint8), flags), np.uint8)


def test_a_picture_of_a_capture_and_none_of_a_document(
    radiologist: httpx.Client, study: str, originals: list[Dataset]
) -> None:
    found = radiologist.get(f"{study}/instances").json()
    by_class: dict[str, dict[str, Any]] = {value(one, "SOPClassUID"): one for one in found}
    capture = by_class[pydicom.uid.SecondaryCaptureImageStorage]
    path = f"{study}/series/{value(capture, 'SeriesInstanceUID')}/instances/{value(capture, 'SOPInstanceUID')}"
    file = radiologist.get(path, headers={"Accept": "application/dicom"}).content
    drawn = picture(radiologist.get(f"{path}/rendered", headers={"Accept": "image/png"}), cv2.IMREAD_COLOR)
    assert np.array_equal(drawn[:, :, ::-1], pydicom.dcmread(io.BytesIO(file)).pixel_array)
    document = by_class[pydicom.uid.EncapsulatedPDFStorage]
    path = f"{study}/series/{value(document, 'SeriesInstanceUID')}/instances/{value(document, 'SOPInstanceUID')}"
    assert problem(radiologist.get(f"{path}/frames/1")) == (422, "no_pixel_data")


def test_a_researcher_reads_pixels_and_a_pseudonym(
    researcher: httpx.Client, radiologist: httpx.Client, study: str, slice_: str, originals: list[Dataset]
) -> None:
    searched = [researcher.get(path) for path in ("/dicom-web/studies", f"{study}/series", f"{study}/instances")]
    headers = researcher.get(f"{study}/metadata")
    pseudonyms = {value(one, "PatientID") for answer in (*searched, headers) for one in answer.json()}
    assert len({one for one in pseudonyms if one.startswith("P-")}) == len(pseudonyms)
    text = "".join(answer.text for answer in (*searched, headers))
    for told in ("Ковал", "HELD", "ACC-77", "House", "20240229", "19500101", "SYNTHETIC", "Turnstile"):
        assert told not in text
        assert told in "".join(radiologist.get(f"{study}/{one}").text for one in ("series", "metadata"))
    (series,) = searched[1].json()
    assert value(series, "Modality") == "CT"
    header = next(one for one in headers.json() if value(one, "SOPInstanceUID") == originals[0].SOPInstanceUID)
    for keyword in ("ImagePositionPatient", "PixelSpacing", "RescaleIntercept", "Rows", "WindowCenter"):
        assert header[f"{pydicom.datadict.tag_for_keyword(keyword):08X}"]["Value"]
    any_type = {"Accept": "application/octet-stream"}
    assert researcher.get(f"{slice_}/frames/1", headers=any_type).content == originals[0].PixelData
    assert researcher.get(f"{slice_}/rendered").status_code == 200
    for path in (study, slice_, f"{slice_}/bulkdata/7FE00010"):
        assert problem(researcher.get(path)) == (403, "not_permitted")


def test_a_researcher_searches_by_the_pseudonym_alone(researcher: httpx.Client, study: str) -> None:
    path = "/dicom-web/studies"
    pseudonym = value(researcher.get(path).json()[0], "PatientID")
    assert researcher.get(path, params={"PatientID": pseudonym}).status_code == 200
    assert researcher.get(path, params={"PatientName": f"{pseudonym[:4]}*"}).status_code == 200
    assert researcher.get(path, params={"PatientID": "HELD-1"}).status_code == 204
    for keyword in ("StudyDate", "AccessionNumber", "PatientBirthDate", "StudyDescription"):
        assert problem(researcher.get(path, params={keyword: "20240229"})) == (403, "not_permitted")


def test_another_institution_finds_nothing(other_institution: httpx.Client, study: str, slice_: str) -> None:
    assert other_institution.get("/dicom-web/studies").status_code == 204
    assert other_institution.get("/dicom-web/instances").status_code == 204
    for path in (f"{study}/series", f"{study}/metadata", study, slice_, f"{slice_}/frames/1", f"{slice_}/rendered"):
        assert problem(other_institution.get(path)) == (404, "not_found")


def test_a_login_without_reports_sees_no_results(reader_for: Reader, originals: list[Dataset], study: str) -> None:
    scopes = frozenset({Scope.SCANS_READ, Scope.NAMES_READ, Scope.SCANS_FILE})
    reader = reader_for(Role.RADIOLOGIST, scopes=scopes)
    uid = originals[0].StudyInstanceUID
    assert [value(one, "Modality") for one in reader.search_for_series(uid)] == ["CT"]
    (found,) = reader.search_for_studies(search_filters={"StudyInstanceUID": uid})
    assert found["00080061"]["Value"] == ["CT"]
    assert {one.Modality for one in reader.retrieve_study(uid)} == {"CT"}


def test_reads_are_audited_once_in_a_window_and_exports_each(
    client_for: Any, admin: httpx.Client, held: str, study: str, slice_: str
) -> None:
    def events() -> list[tuple[str, str]]:
        items = admin.get("/api/audit", params={"entity": "scan", "entity_id": held, "limit": 100}).json()["items"]
        return [(one["action"], one["detail"].get("seen", "")) for one in items]

    with client_for(Role.RADIOLOGIST) as viewer:
        before = events()
        for _ in range(3):
            for path in (f"{study}/metadata", f"{slice_}/frames/1", f"{slice_}/rendered", slice_, study):
                assert viewer.get(path).is_success
        new = events()[: len(events()) - len(before)]
    assert new.count(("read", "DICOM study metadata")) == 1
    assert new.count(("read", "DICOM frames")) == 1
    assert new.count(("export", "DICOM instance")) == 1
    assert new.count(("export", "DICOM study")) == 3


def test_json_is_compact_and_utf_8(radiologist: httpx.Client, slice_: str) -> None:
    answer = radiologist.get(f"{slice_}/metadata")
    assert "Ковалёва".encode() in answer.content
    assert json.loads(answer.content)[0]["00080005"]["Value"] == ["ISO_IR 192"]

"""STOW-RS: each part is stored or refused by itself, and the answer says so as PS3.18 10.5 wants it."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from dicomweb_client.api import DICOMwebClient
from pydicom.dataset import Dataset

from tests.integration.pacs.receiving.running_listener import RunningListener, running_listener
from tests.integration.pacs.receiving.senders import ct_study, sent
from tests.integration.polling import until
from tests.postgres import RunningPostgres

TYPE = 'multipart/related; type="application/dicom"; boundary=b'


def file_bytes(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def post(listener: RunningListener, parts: Sequence[bytes], path: str = "", content_type: str = TYPE) -> httpx.Response:
    body = b"".join(b"--b\r\nContent-Type: application/dicom\r\n\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"
    with httpx.Client(base_url=listener.url, timeout=60, trust_env=False) as client:
        return client.post(f"/dicom-web/studies{path}", content=body, headers={"Content-Type": content_type})


def values(answer: httpx.Response, sequence: str, tag: str) -> list[Any]:
    assert answer.headers["content-type"] == "application/dicom+json"
    return [item[tag]["Value"][0] for item in answer.json().get(sequence, {"Value": []})["Value"]]


def test_a_study_by_a_dicomweb_client_becomes_a_scan(listener: RunningListener) -> None:
    study = ct_study("2.25.201")
    client = DICOMwebClient(url=f"{listener.url}/dicom-web")
    answer = client.store_instances(study)
    assert [item.ReferencedSOPInstanceUID for item in answer.ReferencedSOPSequence] == [
        one.SOPInstanceUID for one in study
    ]
    (scan,) = listener.scans("2.25.201")
    (origin,) = listener.rows("SELECT * FROM scan_origins WHERE scan_id = %s", scan["id"])
    assert origin["source"] == "stow"
    events = "SELECT detail FROM audit_{} WHERE entity = 'incoming instances'"
    details = [row["detail"] for table in ("pending", "events") for row in listener.rows(events.format(table))]
    assert {"stored": 3, "refused": 0, "studies": ["2.25.201"]} in details


@pytest.mark.parametrize("path", ["", "/2.25.207"])
def test_a_request_is_as_long_as_its_slices(listener: RunningListener, path: str) -> None:
    slices = ct_study("2.25.207", 2, Rows=1024, Columns=512, PixelData=bytes(2**20))
    assert post(listener, [file_bytes(one) for one in slices], path).status_code == 200


def test_stow_and_c_store_of_one_study_are_one_scan(listener: RunningListener) -> None:
    study = ct_study("2.25.202", 4)
    assert post(listener, [file_bytes(one) for one in study[:3]]).status_code == 200
    assert sent(listener.port, study[2:]) == [0, 0]
    assert len(listener.scans("2.25.202")) == 1
    assert len(listener.instances("2.25.202")) == 4


def test_some_are_refused(listener: RunningListener) -> None:
    good, other = ct_study("2.25.203", 2)
    other.PatientID = "somebody else"
    answer = post(listener, [file_bytes(good), b"no DICOM at all", file_bytes(other)])
    assert answer.status_code == 202
    assert values(answer, "00081199", "00081155") == [good.SOPInstanceUID]
    assert values(answer, "00081198", "00081155") == [other.SOPInstanceUID]
    assert values(answer, "00081198", "00081197") == [0xC001]
    assert values(answer, "0008119A", "00081197") == [0xC000]


def test_none_is_stored(listener: RunningListener) -> None:
    (one,) = ct_study("2.25.204", 1)
    answer = post(listener, [file_bytes(one)], "/2.25.205")
    assert answer.status_code == 409
    assert values(answer, "00081198", "00081197") == [0xA900]
    assert not listener.instances("2.25.204")


def test_another_content_is_a_warning(listener: RunningListener) -> None:
    (one,) = ct_study("2.25.206", 1)
    assert post(listener, [file_bytes(one)], "/2.25.206").status_code == 200
    one.SeriesDescription = "changed"
    answer = post(listener, [file_bytes(one)])
    assert (answer.status_code, values(answer, "00081199", "00081196")) == (202, [0xB000])


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/dicom", 415),
        ('multipart/related; type="application/dicom+json"; boundary=b', 415),
        ("multipart/form-data; boundary=b", 415),
        ('multipart/related; type="application/dicom"', 400),
        ('multipart/related; type="application/dicom"; boundary=other', 400),
    ],
)
def test_a_request_of_another_kind_is_refused(listener: RunningListener, content_type: str, status: int) -> None:
    answer = post(listener, [b"x"], content_type=content_type)
    assert answer.status_code == status
    until(listener.is_idle)


def test_a_request_of_more_parts_than_a_study_may_have_instances(tmp_path: Path, postgres: RunningPostgres) -> None:
    with running_listener(tmp_path, postgres.new_database(), pacs_study_instances=3) as strict:
        assert post(strict, [b""] * 3).status_code == 409
        answer = post(strict, [b""] * 4)
        assert (answer.status_code, answer.json()["error"]) == (413, "over_budget")

"""The original file of a scan over real HTTP: whole, in parts, by its tag, under its name."""

import hashlib
from collections.abc import Callable
from urllib.parse import unquote
from uuid import uuid4

import httpx
import pytest

from gateway.permissions import Role
from tests.integration.gateway.auth.api_calls import problem
from tests.integration.gateway.records.upload_calls import blob_folder, form, patient_of, post_form, some_zip, upload
from tests.integration.gateway.running_gateway import RunningGateway

CONTENT = some_zip("file", 5_000_000)
TAG = f'"{hashlib.sha256(CONTENT).hexdigest()}"'


@pytest.fixture(scope="module")
def address(doctor: httpx.Client) -> str:
    return f"/api/scans/{upload(doctor, patient_of(doctor), CONTENT, 'chest.zip').json()['id']}/file"


def test_the_bytes_come_back(doctor: httpx.Client, address: str) -> None:
    answer = doctor.get(address)
    assert (answer.status_code, answer.content == CONTENT) == (200, True)
    assert answer.headers["etag"] == TAG
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment; filename=\"chest.zip\"; filename*=UTF-8''chest.zip"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, no-cache"


def test_its_head_tells_of_it_without_the_bytes(doctor: httpx.Client, address: str) -> None:
    answer = doctor.head(address)
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (200, b"", TAG)
    assert (answer.headers["content-length"], answer.headers["accept-ranges"]) == (str(len(CONTENT)), "bytes")


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-0", 0, 1), ("bytes=1000000-3999999", 10**6, 4 * 10**6), ("bytes=-5", len(CONTENT) - 5, len(CONTENT))],
)
def test_a_part_of_it(doctor: httpx.Client, address: str, asked: str, start: int, end: int) -> None:
    answer = doctor.get(address, headers={"Range": asked, "If-Range": TAG})
    assert (answer.status_code, answer.content == CONTENT[start:end]) == (206, True)
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"
    assert answer.headers["etag"] == TAG


def test_a_part_that_is_not_there(doctor: httpx.Client, address: str) -> None:
    answer = doctor.get(address, headers={"Range": f"bytes={len(CONTENT)}-"})
    assert problem(answer) == (416, "range_not_satisfiable")
    assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"


def test_a_part_of_another_file_is_the_whole_of_this(doctor: httpx.Client, address: str) -> None:
    answer = doctor.get(address, headers={"Range": "bytes=0-4", "If-Range": '"other"'})
    assert (answer.status_code, len(answer.content)) == (200, len(CONTENT))


def test_who_has_it_is_sent_nothing(doctor: httpx.Client, address: str) -> None:
    answer = doctor.get(address, headers={"If-None-Match": TAG})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", TAG)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd.zip", "passwd.zip"),
        (r"C:\patients\Doe^John.zip", "Doe^John.zip"),
        ("say %22hi%22;.zip", 'say "hi";.zip'),
        ("胸部\u202e撮影.zip", "胸部撮影.zip"),
        ("nul\0.zip", "nul.zip"),
        ("..", "upload"),
    ],
)
def test_a_name_keeps_no_path_and_comes_out_as_it_is_kept(doctor: httpx.Client, sent: str, kept: str) -> None:
    parts = [("patient_id", None, patient_of(doctor).encode()), ("file", sent, CONTENT)]
    scan = post_form(doctor, form(parts)).json()["id"]
    assert doctor.get(f"/api/scans/{scan}").json()["file_name"] == kept
    told = doctor.head(f"/api/scans/{scan}/file").headers["content-disposition"]
    assert unquote(told.partition("filename*=UTF-8''")[2]) == kept


def test_who_may_not_have_it(
    doctor: httpx.Client, researcher: httpx.Client, stranger: httpx.Client, address: str
) -> None:
    assert problem(researcher.get(address)) == (403, "not_permitted")
    assert problem(stranger.get(address)) == (404, "not_found")
    assert problem(doctor.get(f"/api/scans/{uuid4()}/file")) == (404, "not_found")
    assert problem(doctor.get("/api/scans/none/file")) == (422, "invalid_request")


def test_a_file_that_is_lost_is_told_and_not_sent_empty(doctor: httpx.Client, records: RunningGateway) -> None:
    content = some_zip("lost")
    scan = upload(doctor, patient_of(doctor), content).json()["id"]
    sha256 = hashlib.sha256(content).hexdigest()
    (blob_folder(records) / "blobs" / sha256[:2] / sha256[2:4] / sha256).unlink()
    assert problem(doctor.get(f"/api/scans/{scan}/file")) == (404, "object_missing")


def test_a_file_that_is_deleted_while_it_is_read_comes_whole(doctor: httpx.Client) -> None:
    content = some_zip("deleted", 30_000_000)
    scan = upload(doctor, patient_of(doctor), content).json()["id"]
    with doctor.stream("GET", f"/api/scans/{scan}/file") as answer:
        assert doctor.delete(f"/api/scans/{scan}").status_code == 204
        assert b"".join(answer.iter_bytes()) == content
    assert problem(doctor.get(f"/api/scans/{scan}/file")) == (404, "not_found")


def test_every_reading_is_an_export_in_the_audit(
    doctor: httpx.Client, asker: Callable[..., httpx.Client], address: str
) -> None:
    doctor.get(address)
    scan = address.split("/")[3]
    with asker(Role.ADMIN) as admin:
        events = admin.get("/api/audit", params={"entity": "scan", "entity_id": scan, "limit": 100}).json()["items"]
    assert {"create", "export"} <= {event["action"] for event in events}
    assert "chest.zip" not in str(events)

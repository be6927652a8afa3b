"""The original file of a scan over HTTP: complete, by ranges, by entity tag, with its name."""

import hashlib
from collections.abc import Callable
from urllib.parse import unquote
from uuid import uuid4

import httpx
import pytest

from gateway.permissions import Role
from tests.integration.gateway.auth.api_calls import problem
from tests.integration.gateway.records.upload_calls import (
    blob_folder,
    create_patient_id,
    fake_zip,
    multipart_body,
    post_form,
    upload,
)
from tests.integration.gateway.running_gateway import RunningGateway

CONTENT = fake_zip("file", 5_000_000)
TAG = f'"{hashlib.sha256(CONTENT).hexdigest()}"'


@pytest.fixture(scope="module")
def address(radiologist: httpx.Client) -> str:
    return f"/api/scans/{upload(radiologist, create_patient_id(radiologist), CONTENT, 'chest.zip').json()['id']}/file"


def test_a_download_returns_the_uploaded_bytes(radiologist: httpx.Client, address: str) -> None:
    answer = radiologist.get(address)
    assert (answer.status_code, answer.content == CONTENT) == (200, True)
    assert answer.headers["etag"] == TAG
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment; filename=\"chest.zip\"; filename*=UTF-8''chest.zip"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, no-cache"


def test_head_returns_the_headers_only(radiologist: httpx.Client, address: str) -> None:
    answer = radiologist.head(address)
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (200, b"", TAG)
    assert (answer.headers["content-length"], answer.headers["accept-ranges"]) == (str(len(CONTENT)), "bytes")


@pytest.mark.parametrize(
    ("range_", "start", "end"),
    [("bytes=0-0", 0, 1), ("bytes=1000000-3999999", 10**6, 4 * 10**6), ("bytes=-5", len(CONTENT) - 5, len(CONTENT))],
)
def test_a_range(radiologist: httpx.Client, address: str, range_: str, start: int, end: int) -> None:
    answer = radiologist.get(address, headers={"Range": range_, "If-Range": TAG})
    assert (answer.status_code, answer.content == CONTENT[start:end]) == (206, True)
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"
    assert answer.headers["etag"] == TAG


def test_a_range_outside_the_file(radiologist: httpx.Client, address: str) -> None:
    answer = radiologist.get(address, headers={"Range": f"bytes={len(CONTENT)}-"})
    assert problem(answer) == (416, "range_not_satisfiable")
    assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"


def test_a_range_of_another_version_returns_the_whole_file(radiologist: httpx.Client, address: str) -> None:
    answer = radiologist.get(address, headers={"Range": "bytes=0-4", "If-Range": '"other"'})
    assert (answer.status_code, len(answer.content)) == (200, len(CONTENT))


def test_a_cached_file_is_answered_with_304(radiologist: httpx.Client, address: str) -> None:
    answer = radiologist.get(address, headers={"If-None-Match": TAG})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", TAG)


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("../../etc/passwd.zip", "passwd.zip"),
        (r"C:\patients\Doe^John.zip", "Doe^John.zip"),
        ("say %22hi%22;.zip", 'say "hi";.zip'),
        ("胸部\u202e撮影.zip", "胸部撮影.zip"),
        ("nul\0.zip", "nul.zip"),
        ("..", "upload"),
    ],
)
def test_a_stored_file_name_has_no_path_and_is_returned_unchanged(
    radiologist: httpx.Client, sent: str, stored: str
) -> None:
    parts = [("patient_id", None, create_patient_id(radiologist).encode()), ("file", sent, CONTENT)]
    scan = post_form(radiologist, multipart_body(parts)).json()["id"]
    assert radiologist.get(f"/api/scans/{scan}").json()["file_name"] == stored
    disposition = radiologist.head(f"/api/scans/{scan}/file").headers["content-disposition"]
    assert unquote(disposition.partition("filename*=UTF-8''")[2]) == stored


def test_principals_without_access_are_refused(
    radiologist: httpx.Client, researcher: httpx.Client, other_institution: httpx.Client, address: str
) -> None:
    assert problem(researcher.get(address)) == (403, "not_permitted")
    assert problem(other_institution.get(address)) == (404, "not_found")
    assert problem(radiologist.get(f"/api/scans/{uuid4()}/file")) == (404, "not_found")
    assert problem(radiologist.get("/api/scans/none/file")) == (422, "invalid_request")


def test_a_missing_blob_is_an_error_and_no_empty_file(radiologist: httpx.Client, records: RunningGateway) -> None:
    content = fake_zip("lost")
    scan = upload(radiologist, create_patient_id(radiologist), content).json()["id"]
    sha256 = hashlib.sha256(content).hexdigest()
    (blob_folder(records) / "blobs" / sha256[:2] / sha256[2:4] / sha256).unlink()
    assert problem(radiologist.get(f"/api/scans/{scan}/file")) == (404, "object_missing")


def test_a_file_deleted_during_a_download_arrives_complete(radiologist: httpx.Client) -> None:
    content = fake_zip("deleted", 30_000_000)
    scan = upload(radiologist, create_patient_id(radiologist), content).json()["id"]
    with radiologist.stream("GET", f"/api/scans/{scan}/file") as answer:
        assert radiologist.delete(f"/api/scans/{scan}").status_code == 204
        assert b"".join(answer.iter_bytes()) == content
    assert problem(radiologist.get(f"/api/scans/{scan}/file")) == (404, "not_found")


def test_each_download_is_an_audit_event(
    radiologist: httpx.Client, client_for: Callable[..., httpx.Client], address: str
) -> None:
    radiologist.get(address)
    scan = address.split("/")[3]
    with client_for(Role.ADMIN) as admin:
        events = admin.get("/api/audit", params={"entity": "scan", "entity_id": scan, "limit": 100}).json()["items"]
    assert {"create", "export"} <= {event["action"] for event in events}
    assert "chest.zip" not in str(events)

"""Reading leaves its trace and needs its login to the end: foreign ids, exports, event streams, free text."""

import io
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pydicom
import pytest

from gateway.permissions import Role
from screening.phantom.phantom_study import write_phantom
from tests.integration.gateway.auth.api_calls import bearer, gateway_without_networks, make_token, problem
from tests.integration.gateway.records.upload_calls import create_patient_id, upload
from tests.integration.gateway.records.viewing_calls import get_view
from tests.integration.gateway.running_gateway import RunningGateway

RATE = 12
KERNEL = "ZebulonQuagmire"


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[RunningGateway]:
    folder = tmp_path_factory.mktemp("traced")
    with gateway_without_networks(folder, database_url, not_found_rate=f"{RATE} per minute") as running:
        yield running


@pytest.fixture(scope="module")
def client(traced: RunningGateway, database_url: str) -> Iterator[Callable[..., httpx.Client]]:
    """Creates a client with a new token of a role and an institution."""
    with ExitStack() as stack:

        def create(role: Role, institution: str = "st-anna") -> httpx.Client:
            return stack.enter_context(traced.client(headers=bearer(make_token(database_url, role, institution))))

        yield create


@pytest.fixture(scope="module")
def scan(client: Callable[..., httpx.Client], tmp_path_factory: pytest.TempPathFactory) -> str:
    content = _with_kernel(tmp_path_factory.mktemp("study"))
    radiologist = client(Role.RADIOLOGIST)
    answer = upload(radiologist, create_patient_id(radiologist), content)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_reading_foreign_ids_is_recorded_and_limited(client: Callable[..., httpx.Client], scan: str) -> None:
    guesser, admin = client(Role.RADIOLOGIST, "elsewhere"), client(Role.ADMIN, "elsewhere")
    paths = ["", "/file", "/series", "/volume.nii.gz", "/report", "/reports", "/analysis", "/analyses", "/feedback"]
    for path in paths:
        assert problem(guesser.get(f"/api/scans/{scan}{path}")) == (404, "not_found")
    assert problem(guesser.delete(f"/api/scans/{scan}")) == (404, "not_found")
    assert problem(guesser.get(f"/api/patients/{uuid4()}")) == (404, "not_found")
    refused = guesser.post("/api/scans/analyze", json={"ids": [scan, str(uuid4())]}).json()["items"]
    assert [one["error"] for one in refused] == ["not_found"] * 2
    answer = guesser.get(f"/api/scans/{uuid4()}")
    assert problem(answer) == (429, "too_many_requests")
    assert int(answer.headers["Retry-After"]) > 0
    assert guesser.get("/api/scans").status_code == 200  # what is its own goes on
    events = admin.get("/api/audit", params={"entity": "scan", "limit": 100}).json()["items"]
    refusals = [one for one in events if one["outcome"] == "refused"]
    assert len(refusals) == len(paths) + 2  # with the deletion and the two of one call
    assert {one["entity_id"] for one in refusals} == {scan, None}
    assert scan in refusals[0]["detail"]["ids"]


def test_each_export_is_an_event_and_repeated_views_are_one(client: Callable[..., httpx.Client], scan: str) -> None:
    radiologist, admin = client(Role.RADIOLOGIST), client(Role.ADMIN)
    for _ in range(2):
        get_view(radiologist, scan, "volume.nii.gz", step=4)
        get_view(radiologist, scan, "slices/3")
    actor = radiologist.get("/api/me").json()
    events = admin.get("/api/audit", params={"entity": "scan", "entity_id": scan, "limit": 100}).json()["items"]
    seen = [(one["action"], one["detail"].get("seen")) for one in events if one["role"] == actor["role"]]
    assert seen.count(("export", "volume")) == 2
    assert seen.count(("read", "slices")) == 1


def test_free_text_of_headers_is_for_who_may_see_names(client: Callable[..., httpx.Client], scan: str) -> None:
    def candidates(role: Role) -> Any:
        return get_view(client(role), scan, "series").json()["candidates"]

    assert {one["kernel"] for one in candidates(Role.RADIOLOGIST)} == {KERNEL, "B40f"}
    assert KERNEL in str(candidates(Role.RADIOLOGIST)), "otherwise the search would prove nothing"
    assert KERNEL not in str(candidates(Role.RESEARCHER))
    assert len(candidates(Role.RESEARCHER)) == 2


@pytest.mark.parametrize("end", ["revoked", "expired", "signed out"])
def test_an_event_stream_ends_with_its_login(
    traced: RunningGateway, client: Callable[..., httpx.Client], scan: str, database_url: str, end: str
) -> None:
    admin = client(Role.ADMIN)
    client(Role.RADIOLOGIST).post(f"/api/scans/{scan}/analyze", params={"wait": 0})  # stays queued: nothing works here
    expires_at = datetime.now(UTC) + timedelta(seconds=15) if end == "expired" else None
    token = make_token(database_url, Role.RADIOLOGIST, expires_at=expires_at)
    with traced.client(headers={} if end == "signed out" else bearer(token)) as reader:
        own = {"Origin": traced.url}
        if end == "signed out":
            assert reader.post("/auth/token", json={"token": token}, headers=own).is_success
        with reader.stream("GET", f"/api/scans/{scan}/analysis/events") as answer:
            assert answer.status_code == 200
            ended = threading.Event()
            lines = answer.iter_lines()
            assert next(lines).startswith("event")

            def read() -> None:
                list(lines)
                ended.set()

            reading = threading.Thread(target=read)
            reading.start()
            assert not ended.wait(4)  # longer than two checks: a valid login is left alone
            if end == "revoked":
                assert admin.delete(f"/api/tokens/{token.split('_')[1]}").is_success
            if end == "signed out":
                with traced.client(cookies=reader.cookies) as same:
                    assert same.post("/auth/logout", headers=own).is_success
            assert ended.wait(60)
            reading.join()


def _with_kernel(folder: Path) -> bytes:
    """A study of two series whose choice is made by the kernel; the other one's is a name."""
    archive_bytes = io.BytesIO()
    with zipfile.ZipFile(archive_bytes, "w") as archive:
        for number, kernel in enumerate(("B40f", KERNEL)):
            write_phantom(folder / str(number), slices=24, size=128)
            for path in sorted(path for path in (folder / str(number)).rglob("*") if path.is_file()):
                dataset = pydicom.dcmread(path)
                dataset.ConvolutionKernel = kernel
                dataset.SeriesInstanceUID += f".{number}"
                dataset.SOPInstanceUID += f".{number}"
                dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
                dataset.save_as(path)
                archive.write(path, f"{number}/{path.name}")
    return archive_bytes.getvalue()

"""Clients that ask and do not read: whichever answer it is, it holds no connection of the pool, and it is ended."""

import csv
import io
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import psycopg
import pytest

from gateway.permissions import Role
from screening.phantom.phantom_study import write_phantom
from tests.integration.gateway.auth.api_calls import INSTITUTION, bearer, gateway_without_networks, make_token, problem
from tests.integration.gateway.records.stored_scans import StoredScans
from tests.integration.gateway.records.upload_calls import create_patient_id
from tests.integration.gateway.records.viewing_calls import add_report, evidence_of
from tests.integration.gateway.running_gateway import RunningGateway
from tests.integration.polling import until
from tests.integration.slow_reading import read_slowly

SEND_TIMEOUT_S = 1.0
BUFFER = 4096  # bytes, of the kernel, on both sides
PIPELINED = 400  # requests sent at once: the answers are together larger than all buffers

EVENTS = """
    INSERT INTO audit_events
    SELECT 1000 + n, now(), 'x', 'local', 'admin', %s, 'read', 'patient', NULL, 'success', NULL, NULL,
        jsonb_build_object('x', repeat('x', 400)), '', ''
    FROM generate_series(1, 1500) n
"""
FEEDBACK = """
    INSERT INTO feedback (id, report_id, scan_id, institution, user_key, agrees, comment, report_version, created_at)
    SELECT gen_random_uuid(), id, scan_id, institution, 'user ' || n, true, repeat('x', 400), 1, now()
    FROM reports, generate_series(1, 1500) n
"""


@dataclass(frozen=True)
class Stalled:
    """A gateway with small buffers, a scan that has every kind of answer, and an admin."""

    gateway: RunningGateway
    admin: httpx.Client
    token: str
    names: dict[str, str]  # what the paths of the calls name
    database_url: str

    def ask(self, path: str, times: int = 1) -> socket.socket:
        """A client that sends its requests and reads nothing."""
        address = urlsplit(self.gateway.url)
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        client.connect((address.hostname, address.port))
        line = f"GET {path.format(**self.names)} HTTP/1.1"
        head = f"{line}\r\nHost: {address.netloc}\r\nAuthorization: Bearer {self.token}\r\n\r\n"
        client.setblocking(False)
        with suppress(BlockingIOError):  # the gateway stops to read, too
            client.sendall(head.encode() * times)
        client.settimeout(60)
        return client

    @property
    def pool_in_use(self) -> int:
        return int(self.gateway.store.database._engine.pool.checkedout())  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def stalled(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[Stalled]:
    folder = tmp_path_factory.mktemp("stalled")
    content = write_phantom(folder / "chest.zip", slices=24, size=128).read_bytes()
    with ExitStack() as stack:
        (folder / "gateway").mkdir()
        options = {"send_buffer": BUFFER, "send_timeout_s": SEND_TIMEOUT_S, "exports_per_principal": 2}
        gateway = stack.enter_context(gateway_without_networks(folder / "gateway", database_url, **options))
        token = make_token(database_url, Role.ADMIN)
        admin = stack.enter_context(gateway.client(headers=bearer(token)))
        scans = StoredScans(gateway)
        scan = scans.scan(create_patient_id(admin), content)
        add_report(scans, scan, evidence_of(content, folder))
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(EVENTS, [INSTITUTION])
            connection.execute(FEEDBACK)
        yield Stalled(gateway, admin, token, {"scan_id": scan, "number": "3"} | _listed(admin), database_url)


def _listed(admin: httpx.Client) -> dict[str, str]:
    """An instance of the scan as DICOMweb lists it, with one frame, once it was read."""
    instances: list[dict[str, Any]] = []

    def is_listed() -> bool:
        answer = admin.get("/dicom-web/instances", params={"Modality": "CT"})
        instances[:] = answer.json() if answer.status_code == 200 else []
        return bool(instances)

    until(is_listed, patience_s=240)  # a decode worker starts
    study, series, instance = (instances[0][tag]["Value"][0] for tag in ("0020000D", "0020000E", "00080018"))
    uids = {"study_uid": study, "series_uid": series, "instance_uid": instance}
    return uids | {"numbers": "1", "frame": "1", "tag": "7FE00010"}


# Every call that may answer with more than JSON. Streams are longer than all buffers; of the others many are asked for
# at once on one connection. `events` fill no buffer: tests/unit/gateway/http/test_send_timeout.py has an endless one.
SERIES = "/dicom-web/studies/{study_uid}/series/{series_uid}"
INSTANCE = SERIES + "/instances/{instance_uid}"
STREAMS = {
    "/api/audit/export": "",
    "/api/feedback": "?format=csv",
    "/api/scans/{scan_id}/file": "",
    "/api/scans/{scan_id}/volume.nii.gz": "",
    "/api/scans/{scan_id}/lungs.nii.gz": "",
    "/api/scans/{scan_id}/heatmap.nii.gz": "",
    "/dicom-web/studies/{study_uid}": "",
    SERIES: "",
}
IN_A_PIPELINE = {
    "/api/scans/{scan_id}/slices/{number}": "?format=raw",
    "/api/scans/{scan_id}/thumbnail.png": "",
    "/api/scans/{scan_id}/report": "?format=csv",
    "/metrics": "",
    "/dicom-web/studies": "",
    "/dicom-web/series": "",
    "/dicom-web/instances": "",
    "/dicom-web/studies/{study_uid}/series": "",
    "/dicom-web/studies/{study_uid}/instances": "",
    "/dicom-web/studies/{study_uid}/metadata": "",
    SERIES + "/instances": "",
    SERIES + "/metadata": "",
    INSTANCE: "",
    INSTANCE + "/metadata": "",
    INSTANCE + "/bulkdata/{tag}": "",
    INSTANCE + "/frames/{numbers}": "",
    INSTANCE + "/rendered": "",
    INSTANCE + "/thumbnail": "",
    INSTANCE + "/frames/{frame}/rendered": "",
}
EVENTS_PATH = "/api/scans/{scan_id}/analysis/events"


def test_the_tables_hold_every_call_that_answers_with_more_than_json(stalled: Stalled) -> None:
    def types(call: dict[str, Any]) -> set[str]:
        """The media types of its answer, without errors; an answer that documents none is text."""
        return set(call["responses"].get("200", {"content": ["application/json"]}).get("content", ["text/plain"]))

    paths = stalled.admin.get("/openapi.json").json()["paths"]
    others = {path for path, calls in paths.items() if "get" in calls and types(calls["get"]) != {"application/json"}}
    assert others == {*STREAMS, *IN_A_PIPELINE, EVENTS_PATH}


def test_an_answer_that_nobody_takes_is_ended_and_holds_no_database_connection(stalled: Stalled) -> None:
    with ExitStack() as stack:
        clients = {path: stack.enter_context(stalled.ask(path + query)) for path, query in STREAMS.items()}
        clients |= {
            path: stack.enter_context(stalled.ask(path + query, PIPELINED)) for path, query in IN_A_PIPELINE.items()
        }
        until(lambda: all(client.recv(1, socket.MSG_PEEK) for client in clients.values()))  # each has begun
        until(lambda: stalled.pool_in_use == 0)
        assert stalled.admin.get("/api/patients").status_code == 200
        until(lambda: not open_on_the_server(clients), why_not=lambda: str(open_on_the_server(clients)))


def test_many_slow_exports_are_refused_and_the_others_are_served(stalled: Stalled) -> None:
    """Before: 20 of them took every connection of the pool, and each call of every institution was 503."""
    with ExitStack() as stack:
        clients = [stack.enter_context(stalled.ask("/api/audit/export")) for _ in range(25)]
        statuses = [client.recv(12, socket.MSG_PEEK) for client in clients]
        assert statuses.count(b"HTTP/1.1 200") == 2
        assert statuses.count(b"HTTP/1.1 429") == 23
        for path in ("/api/audit/export", "/api/feedback?format=csv"):
            answer = stalled.admin.get(path)
            assert problem(answer) == (429, "too_many_requests")
            assert int(answer.headers["Retry-After"]) > 0
        assert stalled.admin.get("/api/patients").status_code == 200
        with stalled.gateway.client(headers=bearer(make_token(stalled.database_url, Role.ADMIN))) as another:
            assert another.get("/api/audit/export").status_code == 200
    until(lambda: stalled.admin.get("/api/audit/export").status_code == 200)  # the places are free again


def test_a_client_that_reads_slowly_gets_all_of_it(stalled: Stalled) -> None:
    @contextmanager
    def export() -> Iterator[Iterator[bytes]]:
        with stalled.admin.stream("GET", "/api/audit/export") as answer:
            yield answer.iter_bytes(64 * 1024)

    assert read_slowly(export, SEND_TIMEOUT_S).count(b"\n") > 1500


def test_feedback_that_changes_during_its_export_appears_once(stalled: Stalled) -> None:
    with stalled.admin.stream("GET", "/api/feedback", params={"format": "csv"}) as answer:
        blocks = answer.iter_text()
        text = next(blocks)
        with psycopg.connect(stalled.database_url, autocommit=True) as connection:
            connection.execute("UPDATE feedback SET created_at = now(), comment = 'new' WHERE user_key LIKE '%7'")
        text += "".join(blocks)
    users = [row["given_by"] for row in csv.DictReader(io.StringIO(text))]
    assert len(users) == len(set(users)) == 1500


def open_on_the_server(clients: dict[str, socket.socket]) -> list[str]:
    """The calls whose connection the gateway, which runs in this process, still holds."""
    ports = {client.getsockname()[1]: path for path, client in clients.items()}
    links = psutil.Process().net_connections("tcp")
    return [ports[link.raddr.port] for link in links if link.raddr and link.raddr.port in ports]

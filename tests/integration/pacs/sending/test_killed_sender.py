"""Senders and PostgreSQL are killed at random moments: each object is in the archive exactly once, each result told.

With `--heavy` 30 results and 5 kills, otherwise 5 and 2.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from gateway.permissions import Role
from screening.results.evidence import Evidence
from screening.results.report import Report
from tests.integration.gateway.auth.api_calls import bearer, gateway_without_networks, make_token
from tests.integration.gateway.records.stored_scans import StoredScans
from tests.integration.gateway.running_gateway import RunningGateway
from tests.integration.pacs.orthanc import Orthanc
from tests.integration.pacs.sending.outbox import Outbox
from tests.integration.polling import until
from tests.postgres import RunningPostgres, running_postgres
from tests.unit.screening.studies import study_of

LEASE_S = 2.0


@dataclass(frozen=True)
class Size:
    """Results that are sent, and senders that are killed meanwhile."""

    results: int
    kills: int


@pytest.fixture
def size(pytestconfig: pytest.Config) -> Size:
    return Size(30, 5) if pytestconfig.getoption("heavy") else Size(5, 2)


@pytest.fixture(scope="module")
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPostgres]:
    with running_postgres(tmp_path_factory.mktemp("killed postgres")) as running:
        yield running


@pytest.fixture(scope="module")
def own_url(own_postgres: RunningPostgres) -> str:
    return own_postgres.new_database()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, own_url: str) -> Iterator[RunningGateway]:
    """It answers calls and sends nothing: senders are processes of their own."""
    folder = tmp_path_factory.mktemp("killed")
    with gateway_without_networks(folder, own_url, pacs_send_at_once=0) as running:
        yield running


@contextmanager
def sender(gateway: RunningGateway, url: str, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A sender process; it is killed at the end."""
    variables = {
        "TURNSTILE_DATABASE_URL": url,
        "TURNSTILE_DATA_FOLDER": str(gateway.services.settings.data_folder),
        "TURNSTILE_PACS_SEND_LEASE_S": str(LEASE_S),
        "TURNSTILE_PACS_SEND_AT_ONCE": "3",
    }
    with log.open("ab") as output:
        command = [sys.executable, "-m", "gateway.cli", "pacs", "send"]
        process = subprocess.Popen(command, env=os.environ | variables, stdout=output, stderr=output)
    try:
        yield process
    finally:
        kill_tree(process)


def kill_tree(process: "subprocess.Popen[bytes]") -> None:
    """SIGKILL for the process and its decode workers."""
    family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
    for member in family:
        member.send_signal(signal.SIGKILL)
    process.wait()


def test_each_object_is_in_the_archive_once(
    gateway: RunningGateway,
    own_postgres: RunningPostgres,
    own_url: str,
    orthanc: Orthanc,
    study: Path,
    pathology: tuple[Report, Evidence],
    tmp_path: Path,
    size: Size,
) -> None:
    chance = random.Random(15)
    with gateway.client(headers=bearer(make_token(own_url, Role.ADMIN))) as admin:
        uid = study_of(study, study.parent).study_uid
        outbox = Outbox(admin, StoredScans(gateway), study.read_bytes(), uid, pathology)
        outbox.add_destination("orthanc", port=orthanc.dicom_port, encodings=["sr", "ko"])
        outbox.add_destination("by stow", url=orthanc.dicomweb_url, encodings=["sr", "pr"])
        for number in range(size.results):
            outbox.add_result([("orthanc", "by stow")[number % 2]], pathology=number % 3 == 0)
        for number in range(size.kills):
            with sender(gateway, own_url, tmp_path / "senders.log") as process:
                wait_for_an_attempt(outbox)
                time.sleep(chance.uniform(0, 1.5))
                if number == size.kills // 2:
                    kill_postgres(own_postgres)
                    until(lambda: admin.get("/api/destinations").status_code == 200, 120.0)
                assert process.poll() is None
        with sender(gateway, own_url, tmp_path / "senders.log"):
            until(lambda: states_of(outbox) == {"sent": size.results}, 900.0, lambda: str(states_of(outbox)))
        sent = outbox.deliveries()
        uids = orthanc.sop_instance_uids()
        assert len(uids) == len(set(uids)) == sum(one["objects"] for one in sent)
        assert sum(one["attempt"] for one in sent) > size.results, "some were sent more than once"


def wait_for_an_attempt(outbox: Outbox) -> None:
    """Wait until a sender begins one."""

    def attempts() -> int:
        return sum(one["attempt"] for one in outbox.deliveries())

    before = attempts()
    until(lambda: attempts() > before, 240.0)


def states_of(outbox: Outbox) -> Counter[str]:
    return Counter(one["state"] for one in outbox.deliveries())


def kill_postgres(postgres: RunningPostgres) -> None:
    """SIGKILL for the server and its processes; its supervisor starts it again."""
    port = int(postgres.server.url.rpartition(":")[2].partition("/")[0])
    for process in psutil.Process().children(recursive=True):
        if any(link.status == psutil.CONN_LISTEN and link.laddr.port == port for link in process.net_connections()):
            process.kill()
            return
    raise AssertionError("no PostgreSQL listens there")

"""`turnstile screen --url`: real processes and HTTP, and the same reports as a local run."""

import csv
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gateway.cli.app import app
from gateway.cli.remote_options import TOKEN
from gateway.cli.screen import FAILED
from screening.phantom.phantom_study import write_phantom
from tests.integration.gateway.running_gateway import RunningGateway, running_gateway, same_triton
from tests.integration.gateway.test_cli import turnstile
from tests.integration.polling import until


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, phantom: Path) -> Path:
    """A zip, a folder of DICOM, a folder with two studies, NIfTI, and four inputs that are no study."""
    folder = tmp_path_factory.mktemp("archive")
    shutil.copy(phantom, folder / "good.zip")
    shutil.unpack_archive(phantom, folder / "folder")
    two = folder / "two"
    write_phantom(two / "a" / "x", slices=24, size=128)
    write_phantom(two / "b" / "y", slices=24, size=128, seed=2)
    (folder / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    (folder / "nothing").mkdir()
    (folder / "link").mkdir()
    (folder / "link" / "1.dcm").symlink_to(phantom)
    (folder / "odd").mkdir()
    (folder / "odd" / "notes.txt").write_text("no DICOM here")
    return folder


@pytest.fixture(scope="module")
def tiny(gateway: RunningGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """A gateway on the same Triton that processes one upload at a time and lets no other wait."""
    folder = tmp_path_factory.mktemp("tiny") / "scratch"
    folder.mkdir()
    with running_gateway(folder, slices_in_flight=1, slices_waiting=0, **same_triton(gateway)) as running:
        yield running


def rows_of(report: Path) -> dict[str, dict[str, str]]:
    """The rows by upload name and study UID."""
    rows = csv.DictReader(report.read_text().splitlines())
    return {f"{Path(row['path_to_study']).name} {row['study_uid']}": row for row in rows}


def without_times(value: Any) -> Any:
    """A report without the times, which differ between runs."""
    if isinstance(value, Mapping):
        return {
            name: without_times(part) for name, part in value.items() if name not in ("timings_s", "time_of_processing")
        }
    return [without_times(part) for part in value] if isinstance(value, list) else value


def by_study(report: Path) -> dict[tuple[str, str], Any]:
    reports = json.loads(report.read_text())
    return {(one["row"]["path_to_study"], str(one["row"]["study_uid"])): without_times(one) for one in reports}


def test_a_remote_run_gives_the_reports_of_a_local_run(gateway: RunningGateway, archive: Path, tmp_path: Path) -> None:
    local, remote = tmp_path / "local.json", tmp_path / "remote.json"
    triton = ["--triton-url", gateway.services.triton_url]
    locally = turnstile("screen", archive, "-o", local, "--detail", *triton, variables=gateway.secrets)
    remotely = in_process("screen", archive, "-o", remote, "--detail", "--url", gateway.url)
    assert (locally.returncode, remotely.exit_code) == (FAILED, FAILED), remotely.output
    assert by_study(remote) == by_study(local)
    verdicts = [report["verdict"] for report in by_study(remote).values()]
    assert len(verdicts) == 8, "an upload with two studies has two reports"
    assert sum(verdict == "not_analysed" for verdict in verdicts) == 4
    until(gateway.is_idle)


def test_a_run_waits_for_a_busy_gateway(tiny: RunningGateway, phantom: Path, tmp_path: Path) -> None:
    many, report = tmp_path / "many", tmp_path / "report.csv"
    copies(phantom, many, 4)
    before = refusals(tiny)
    run = in_process("screen", many, "-o", report, "--url", tiny.url, "--connections", "4")
    assert run.exit_code == 0, run.output
    assert refusals(tiny) > before, "no upload was refused, so that the retry was not tested"
    assert {row["processing_status"] for row in rows_of(report).values()} == {"Success"}


def test_a_killed_run_resumes(tiny: RunningGateway, phantom: Path, tmp_path: Path) -> None:
    many, report = tmp_path / "many", tmp_path / "report.csv"
    copies(phantom, many, 4)
    arguments = ["screen", str(many), "-o", str(report), "--url", tiny.url, "--connections", "2"]
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", *arguments], env=environ, stderr=subprocess.DEVNULL
    ) as run:
        journal = report.with_name("report.csv.journal")
        until(lambda: journal.exists() and journal.read_bytes().count(b"\n") >= 1)
        run.kill()
    before = rows_of(report)
    assert in_process(*arguments).exit_code == 0
    items = [json.loads(line)["item"] for line in journal.read_text().splitlines()]
    assert sorted(Path(item).name for item in items) == [f"{number}.zip" for number in range(4)], "each exactly once"
    after = {row["path_to_study"]: row for row in csv.DictReader(report.read_text().splitlines())}
    assert len(after) == 4
    assert all(after[row["path_to_study"]] == row for row in before.values())


def test_a_token_is_used_and_never_printed(
    tiny: RunningGateway, phantom: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tiny.client() as client:
        permitted = client.post("/api/tokens", json={"name": "run", "role": "radiologist"}).json()["token"]
        unpermitted = client.post("/api/tokens", json={"name": "unpermitted", "role": "researcher"}).json()["token"]
    outcomes = {}
    for name, token in {"permitted": permitted, "unpermitted": unpermitted, "invalid": f"{permitted[:-4]}dead"}.items():
        monkeypatch.setenv(TOKEN, token)
        report = tmp_path / f"{name}.csv"
        outcomes[name] = run = in_process("screen", phantom, "-o", report, "--url", tiny.url)
        assert token not in run.output + (report.read_text() if report.exists() else "")
    assert outcomes["permitted"].exit_code == 0, outcomes["permitted"].output
    assert outcomes["unpermitted"].exit_code == outcomes["invalid"].exit_code == 1
    assert "does not include inference.predict" in outcomes["unpermitted"].output
    assert "invalid_token" in outcomes["invalid"].output


def test_a_refused_upload_is_not_sent(tiny: RunningGateway) -> None:
    host, port = tiny.url.removeprefix("http://").split(":")
    head = (
        "POST /inference/predict HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer ts_none\r\n"
        "Content-Length: 1000000\r\nExpect: 100-continue\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(head.encode())
        assert connection.recv(12) == b"HTTP/1.1 401", "not 100, and not after a byte of the body"


@pytest.mark.parametrize(
    ("url", "message"),
    [("gateway:8080", "https://"), ("http://10.0.0.1:8080", "--insecure"), ("http://127.0.0.1:9", "cannot be reached")],
)
def test_an_unusable_url_is_explained(phantom: Path, tmp_path: Path, url: str, message: str) -> None:
    run = in_process("screen", phantom, "-o", tmp_path / "report.csv", "--url", url)
    assert run.exit_code in (1, 2)
    assert message in run.output


def in_process(*arguments: str | Path) -> Result:
    """Run the command in this process, without the second that a process start takes."""
    return CliRunner(env={"COLUMNS": "160"}).invoke(app, [str(argument) for argument in arguments])


def copies(phantom: Path, folder: Path, number: int) -> None:
    folder.mkdir()
    for index in range(number):
        shutil.copy(phantom, folder / f"{index}.zip")


def refusals(gateway: RunningGateway) -> float:
    with gateway.client() as client:
        lines = client.get("/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("turnstile_admission_refusals_total"))

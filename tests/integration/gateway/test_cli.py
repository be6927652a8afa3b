"""The command line with real processes and a real Triton."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import httpx
import psutil
import pytest

from gateway.cli.running_instance import find_running
from gateway.cli.screen import FAILED
from tests.integration.gateway.network_switch.switching_service import home_of_its_own
from tests.integration.gateway.running_gateway import RunningGateway
from tests.integration.polling import until


def turnstile(
    *arguments: str | Path, folder: Path | None = None, variables: Mapping[str, str] = MappingProxyType({})
) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "gateway.cli", *map(str, arguments)]
    environ = os.environ | {"COLUMNS": "160", "PYTHONPATH": os.pathsep.join(sys.path)} | dict(variables)
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=300, check=False)


def rows_of(report: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(report.read_text().splitlines()))


@pytest.fixture
def collection(tmp_path: Path, phantom: Path, text: Path) -> Path:
    """A folder of uploads: a good zip, a folder of DICOM, an invalid zip, and a file that is no upload."""
    folder = tmp_path / "collection"
    folder.mkdir()
    shutil.copy(phantom, folder / "good.zip")
    shutil.unpack_archive(phantom, folder / "good folder")
    (folder / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    shutil.copy(text, folder / "labels.csv")
    return folder


def test_version_and_settings() -> None:
    assert turnstile("--version").stdout.startswith("turnstile 0.")
    assert "TURNSTILE_TRITON_URL" in turnstile("settings").stdout


def test_a_folder_is_screened_with_a_failure_row_and_an_exit_status(
    gateway: RunningGateway, collection: Path, tmp_path: Path
) -> None:
    report = tmp_path / "report.csv"
    run = turnstile(
        "screen", collection, "-o", report, "--triton-url", gateway.services.triton_url, variables=gateway.secrets
    )
    assert run.returncode == FAILED, run.stderr
    rows = {Path(row["path_to_study"]).name: row for row in rows_of(report)}
    status = {name: row["processing_status"] for name, row in rows.items()}
    assert status == {"good.zip": "Success", "good folder": "Success", "broken.zip": "Failure"}
    assert rows["broken.zip"]["pathology"] == ""
    assert "labels.csv" in run.stderr
    assert "no medical device" in run.stderr
    assert gateway.services.card.trained or "untrained" in run.stderr


def test_a_second_run_screens_only_what_is_new(gateway: RunningGateway, collection: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    url = gateway.services.triton_url
    (collection / "good folder").rename(tmp_path / "later")
    turnstile("screen", collection, "-o", report, "--triton-url", url, variables=gateway.secrets)
    first = {row["path_to_study"]: row for row in json.loads(report.read_text())}
    (tmp_path / "later").rename(collection / "later")
    turnstile("screen", collection, "-o", report, "--triton-url", url, variables=gateway.secrets)
    second = {row["path_to_study"]: row for row in json.loads(report.read_text())}
    assert {Path(name).name for name in second.keys() - first.keys()} == {"later"}
    assert {name: second[name] for name in first} == first  # with their times: they were not screened again


def test_a_killed_run_resumes(gateway: RunningGateway, phantom: Path, tmp_path: Path) -> None:
    many, report = tmp_path / "many", tmp_path / "report.csv"
    many.mkdir()
    for number in range(5):
        shutil.copy(phantom, many / f"{number}.zip")
    arguments = ["screen", str(many), "-o", str(report), "--triton-url", gateway.services.triton_url]
    command = [sys.executable, "-m", "gateway.cli", *arguments]
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | gateway.secrets
    run = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    journal = report.with_name("report.csv.journal")
    until(lambda: journal.exists() and journal.read_bytes().count(b"\n") >= 1)
    run.kill()
    run.wait()
    before = {row["path_to_study"]: row for row in rows_of(report)}
    assert turnstile(*arguments, variables=gateway.secrets).returncode == 0
    after = {row["path_to_study"]: row for row in rows_of(report)}
    assert len(after) == 5
    assert {name: after[name] for name in before} == before


def test_a_report_of_an_unknown_kind_is_refused(phantom: Path, tmp_path: Path) -> None:
    run = turnstile("screen", phantom, "-o", tmp_path / "report.txt")
    assert run.returncode == 2
    assert ".csv" in run.stderr


@pytest.mark.heavy
def test_demo_starts_its_own_triton_and_tells_the_healthy_study_from_the_tumour(tmp_path: Path) -> None:
    run = turnstile("demo", folder=tmp_path)
    assert run.returncode == 0, run.stderr
    assert "synthetic" in run.stdout
    reports = json.loads((tmp_path / "turnstile-demo.json").read_text())
    assert {name: report["verdict"] for name, report in reports.items()} == {"healthy": "normal", "tumour": "pathology"}
    assert all(f"verdict: {report['verdict']}" in run.stdout for report in reports.values())


def test_doctor_passes_and_reports_missing_models(tmp_path: Path) -> None:
    passed = turnstile("doctor")
    assert passed.returncode == 0, passed.stdout
    assert "JPEG Lossless" in passed.stdout
    failed = turnstile("doctor", variables={"TURNSTILE_MODEL_REPOSITORY": str(tmp_path)})
    assert failed.returncode == 1
    assert "model_card.json" in failed.stdout


def test_a_changed_network_is_not_served(gateway: RunningGateway, tmp_path: Path, phantom: Path) -> None:
    repository = tmp_path / "repository"
    shutil.copytree(gateway.services.settings.model_repository, repository)
    (repository / "classifier" / "1" / "model.onnx").write_bytes(b"another")
    run = turnstile(
        "screen", phantom, "-o", tmp_path / "r.csv", variables={"TURNSTILE_MODEL_REPOSITORY": str(repository)}
    )
    assert run.returncode == 1
    assert "classifier/1/model.onnx" in run.stderr


@pytest.fixture
def up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator["subprocess.Popen[bytes]"]:
    """`turnstile up --demo` on a free port, in a home of its own; its output is in up.log."""
    monkeypatch.setenv("TURNSTILE_HOME", str(home_of_its_own(tmp_path)))
    command = [sys.executable, "-m", "gateway.cli", "up", "--port", "0", "--demo"]
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "160"}
    with (tmp_path / "up.log").open("wb") as log:
        process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
    yield process
    process.kill()
    process.wait()


def test_up_serves_is_found_by_other_commands_and_stops_all_processes(
    up: "subprocess.Popen[bytes]", phantom: Path, tmp_path: Path
) -> None:
    output = (tmp_path / "up.log").read_text
    until(lambda: "Ctrl-C stops everything" in output() or up.poll() is not None, patience_s=300)
    assert "Two synthetic studies" in output(), output()
    links = re.findall(r"http://\S+/scans/\S+", output())
    assert len(set(links)) == 2, output()
    assert {httpx.get(link.replace("/scans", "/api/scans"), trust_env=False).json()["status"] for link in links} == {
        "done"
    }
    url = next(line.split()[1] for line in output().splitlines() if line.startswith("gateway"))
    assert httpx.get(f"{url}/readyz", trust_env=False).status_code == 200
    second = turnstile("screen", phantom, "-o", tmp_path / "report.json")
    assert "using Triton at" in second.stderr
    children = psutil.Process(up.pid).children(recursive=True)
    up.send_signal(signal.SIGTERM)
    assert up.wait(60) == 0
    _, alive = psutil.wait_procs(children, timeout=30)
    assert not alive
    assert find_running() is None

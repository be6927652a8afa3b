"""Locust's scenarios against a running gateway: a few seconds of each, and nothing fails."""

import csv
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from screening.phantom import write_phantom
from tests.integration.gateway.running import RunningGateway, running_gateway

ROOT = Path(__file__).resolve().parents[3]
SCENARIOS = {
    "MassRun": {"/inference/predict"},
    "Ward": {"/api/patients", "/api/scans", "/api/scans/[id]/analyze"},
    "Browsing": {"/api/scans", "/api/patients"},
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    with running_gateway(tmp_path_factory.mktemp("scratch")) as running:
        yield running


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_few_seconds_of_it(gateway: RunningGateway, scenario: str, tmp_path: Path) -> None:
    phantom = write_phantom(tmp_path / "phantom.zip", slices=24, size=256)
    locust = [str(Path(sys.executable).with_name("locust")), "-f", "benchmarks/load/scenarios.py", scenario]
    load = ["--headless", "-u", "1", "-r", "1", "-t", "8s", "--stop-timeout", "60s", "--host", gateway.url]
    report = ["--csv", str(tmp_path / "load"), "--html", str(tmp_path / "load.html"), "--only-summary"]
    environ = os.environ | {"TURNSTILE_BENCH_STUDY": str(phantom), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*locust, *load, *report], cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    with (tmp_path / "load_stats.csv").open(newline="") as table:
        rows = {row["Name"]: row for row in csv.DictReader(table)}
    assert {name for name in SCENARIOS[scenario] if int(rows[name]["Request Count"]) > 0} == SCENARIOS[scenario]
    assert int(rows["Aggregated"]["Failure Count"]) == 0
    assert (tmp_path / "load.html").stat().st_size > 0

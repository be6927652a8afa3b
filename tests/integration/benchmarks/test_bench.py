"""`turnstile bench` as a user runs it, a few seconds of each part, on a real gateway with low admission limits."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.bench.record import NAME, Record
from screening.phantom.phantom_study import write_phantom
from tests.integration.gateway.running_gateway import RunningGateway, running_gateway

ROOT = Path(__file__).resolve().parents[3]
HOUSE = {"slices_in_flight": 12, "slices_waiting": 12}  # two studies: three times the knee is surely too much
SECONDS = {"stages": 3, "ward": 8, "browsing": 2, "grpc": 1, "overload": 4, "soak": 3}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    with running_gateway(tmp_path_factory.mktemp("scratch"), upload_rate="100000 per minute", **HOUSE) as running:
        yield running


@pytest.fixture(scope="module")
def home(gateway: RunningGateway, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with what the bench reads of the note that `turnstile up` leaves."""
    home, secret = tmp_path_factory.mktemp("home"), gateway.services.triton_secret
    note = {"url": gateway.url, "pid": os.getpid(), "triton_url": gateway.services.triton_url}
    note |= {"triton_secret": secret.get_secret_value() if secret else None}
    (home / "running.json").write_text(json.dumps(note))
    return home


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


def bench(gateway: RunningGateway, home: Path, folder: Path) -> "subprocess.CompletedProcess[str]":
    study = folder.with_suffix(".zip")
    if not study.exists():
        write_phantom(study, slices=24, size=256)
    durations = [word for name, seconds in SECONDS.items() for word in (f"--{name}", str(seconds))]
    options = ["--short", "--callers", "2", "--recovery", "4", "--study", str(study), "--output", str(folder)]
    environ = os.environ | {"TURNSTILE_HOME": str(home), "PYTHONPATH": str(ROOT)}
    environ |= {f"TURNSTILE_{name.upper()}": str(value) for name, value in HOUSE.items()}
    command = [sys.executable, "-m", "gateway.cli", "bench", *SECONDS, "--url", gateway.url, *options, *durations]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=600, check=False)


@pytest.fixture(scope="module")
def record(gateway: RunningGateway, home: Path, folder: Path) -> Record:
    done = bench(gateway, home, folder)
    assert done.returncode == 0, done.stderr
    return Record.model_validate_json((folder / NAME).read_bytes())


def test_every_part_ends_well(record: Record) -> None:
    assert {name: part.state for name, part in record.results.parts.items()} == dict.fromkeys(SECONDS, "done")


def test_what_was_measured_is_there(record: Record) -> None:
    results = record.results
    assert results.stages is not None
    assert [level.callers for level in results.stages.levels] == [1, 2]
    assert results.stages.knee.screened
    assert not [level for level in results.stages.levels if level.failed]
    assert results.grpc is not None
    assert all(cell.slices_per_s > 0 for cell in results.grpc.cells)
    assert results.soak is not None
    assert set(results.soak.outcomes) == {"200"}
    assert results.soak.distinct_reports == {"0": 1}


def test_people_at_work_saw_no_failure(record: Record) -> None:
    ward, browsing = record.results.ward, record.results.browsing
    assert ward is not None
    assert browsing is not None
    assert {"/api/patients", "/api/scans", "/api/scans/[id]/analyze"} <= {row.name for row in ward.rows}
    assert {"/api/scans", "/api/patients"} <= {row.name for row in browsing.rows}
    assert not [row for row in (*ward.rows, *browsing.rows) if row.failed]


def test_too_many_studies_are_refused_and_nothing_else_happens(record: Record) -> None:
    overload = record.results.overload
    assert overload is not None
    assert set(overload.outcomes) == {"200", "429"}
    assert "answers other than 200 and 429" in {aim.name for aim in overload.aims if aim.held}


def test_the_page_holds_itself(record: Record, folder: Path) -> None:
    page = (folder / "index.html").read_text()
    assert page.count("<svg") == 5
    assert "src=" not in page
    assert "url(http" not in page
    assert json.loads((folder / NAME).read_text())["plan"]["studies"][0].startswith("own study")
    assert str(folder.with_suffix(".zip")) not in page
    for name in ("stages", "overload", "recovery", "soak", "ward", "browsing"):
        assert (folder / f"{name}.html").stat().st_size > 0
        assert (folder / f"{name}_stats.csv").stat().st_size > 0


def test_a_second_run_finds_everything_done(gateway: RunningGateway, record: Record, home: Path, folder: Path) -> None:
    again = bench(gateway, home, folder)
    assert again.returncode == 0
    assert again.stderr.count("done before") == len(SECONDS)
    assert Record.model_validate_json((folder / NAME).read_bytes()).results == record.results

"""`python -m benchmarks.gpu` on the CPU, with small untrained networks: every part but `up` fills its table."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.gpu.record import Record
from export.calibration_views import CalibrationViews
from export.model_repository import ExportRequest, export_repository
from export.targets import TARGETS
from screening.phantom.phantom_study import write_phantom

SIZE = 64
PARTS = ("build", "parity", "throughput", "floor", "verdicts", "end_to_end")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    random = np.random.default_rng(0)
    views = random.integers(0, 256, (4, 1, SIZE, SIZE), np.uint8)
    calibration = CalibrationViews(views, np.ones_like(views), np.repeat(np.arange(2), 2))
    path = tmp_path_factory.mktemp("gpu") / "repository"
    return export_repository(ExportRequest(TARGETS["cuda"], calibration), path).path


def measured(repository: Path, output: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    study = output.with_suffix(".zip")
    write_phantom(study, slices=24, size=128)
    folders = ("--repository", repository, "--served", repository, "--study", study, "--output", output)
    command = [sys.executable, "-m", "benchmarks.gpu", "--short", *map(str, folders), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)


def read(output: Path) -> Record:
    return Record.model_validate_json((output / "results.json").read_bytes())


def test_a_cpu_runs_the_same_code(repository: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    parts = [word for part in PARTS for word in ("--part", part)]
    done = measured(repository, output, "--provider", "cpu", "--provider", "cpu-fp16", *parts)
    record = read(output)
    assert {(one.part, one.state, one.reason) for one in record.outcomes} == {(part, "done", "") for part in PARTS}
    assert done.returncode == 0, done.stderr
    assert {row["largest"] for provider, row in record.rows("parity") if provider == "cpu"} == {0.0}
    assert max(row["largest"] for provider, row in record.rows("parity") if provider == "cpu-fp16") > 0
    assert all(row["call_s"] > 0 for _, row in record.rows("throughput"))
    shown = (output / "results.md").read_text("utf-8")
    assert "No GPU was measured" in shown
    assert str(tmp_path) not in shown  # nor the name of a study, which may name a patient
    assert json.loads((output / "results.json").read_text())["studies"][0].startswith("own study")


def test_without_a_gpu_each_part_says_why_and_the_status_tells_it(repository: Path, tmp_path: Path) -> None:
    done = measured(repository, tmp_path / "out", "--part", "build", "--part", "service")
    assert done.returncode == 3
    outcomes = read(tmp_path / "out").outcomes
    assert [(one.part, one.provider, one.state) for one in outcomes] == [
        (part, provider, "cannot run") for part in ("build", "service") for provider in ("cuda", "tensorrt")
    ]
    assert all(one.reason for one in outcomes)


def test_an_unknown_part_is_refused(repository: Path, tmp_path: Path) -> None:
    done = measured(repository, tmp_path / "out", "--part", "weather")
    assert done.returncode == 2
    assert "weather" in done.stderr

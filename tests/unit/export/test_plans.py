from pathlib import Path

import pytest

from export.errors import PlanFailed
from export.model_repository import contract_of
from export.plans import build_plan
from export.targets import TARGETS
from screening.contract import CLASSIFIER

SIGNATURE = contract_of(64).classifier
SERVING = TARGETS["tensorrt"].serving[CLASSIFIER]


def test_without_tensorrt_the_command_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("export.plans.TRTEXEC_IN_CONTAINER", str(tmp_path))
    plan = build_plan(tmp_path, SIGNATURE, SERVING)
    assert not plan.built
    assert plan.command[0] == "trtexec"
    assert "--maxShapes=views:64x5x1x64x64" in plan.command


def test_trtexec_is_run_in_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _trtexec(tmp_path, 'for word in "$@"; do case $word in --saveEngine=*) : > "${word#*=}";; esac; done', monkeypatch)
    (tmp_path / "classifier" / "1").mkdir(parents=True)
    assert build_plan(tmp_path, SIGNATURE, SERVING).built
    assert (tmp_path / "classifier" / "1" / "model.plan").is_file()


def test_a_failed_trtexec_gives_its_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _trtexec(tmp_path, "echo no GPU here >&2; exit 3", monkeypatch)
    with pytest.raises(PlanFailed, match="classifier: trtexec ended with 3: no GPU here"):
        build_plan(tmp_path, SIGNATURE, SERVING)


def _trtexec(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script in place of trtexec, first in PATH."""
    path = folder / "trtexec"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")

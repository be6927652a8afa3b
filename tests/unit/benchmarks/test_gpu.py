"""The measurement of networks on a GPU: what follows from its rows, its page, and that no part costs another's rows."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.bench.machine import this_machine
from benchmarks.gpu.comparison import flips, floor_s
from benchmarks.gpu.device import Device
from benchmarks.gpu.isolated import run_isolated
from benchmarks.gpu.page import ON_A_CPU, page
from benchmarks.gpu.parts.verdicts import EVERY_STUDY, GREY_ZONE
from benchmarks.gpu.plan import LIMITS_S, Task, tasks_of
from benchmarks.gpu.providers import CUDA, PROVIDERS, SERVED, why_not
from benchmarks.gpu.record import Outcome, Record, State
from benchmarks.gpu.rows import Row
from benchmarks.gpu.setting import Setting

NORMAL: Row = {"verdict": "normal", "probability": 0.70, "key_slice": 3, "expert_asked": False, "error": None}
FAILED: Row = {
    "verdict": "not_analysed",
    "probability": None,
    "key_slice": None,
    "expert_asked": False,
    "error": "no_lung",
}


def outcome(part: str, provider: str, *rows: Row, reason: str = "") -> Outcome:
    state: State = "cannot run" if reason else "done"
    return Outcome(part=part, provider=provider, state=state, reason=reason, seconds=1.0, rows=rows)


def record(*outcomes: Outcome) -> Record:
    return Record(
        began=datetime(2026, 1, 2, tzinfo=UTC),
        machine=this_machine(),
        device=Device(gpu="none", versions={"onnxruntime": "1"}),
        command="python -m benchmarks.gpu",
        short=False,
        repository="one",
        served="other",
        studies=("synthetic",),
        outcomes=outcomes,
    )


def verdict(study: int, expert: str = GREY_ZONE, of: Row = NORMAL, **changed: object) -> Row:
    return {"study": study, "expert": expert, **of, **changed}


def test_a_flip_is_counted_by_its_rule() -> None:
    before = outcome("verdicts", SERVED.name, verdict(0), verdict(1), verdict(2, of=FAILED))
    after = outcome(
        "verdicts",
        "cuda",
        verdict(0, probability=0.71),
        verdict(1, verdict="pathology", probability=0.8, key_slice=4),
        verdict(2, of=FAILED),
        verdict(0, EVERY_STUDY, verdict="pathology", probability=0.9),
        verdict(7, EVERY_STUDY),  # not among the served ones
    )
    grey, every = flips(record(before, after))
    assert (grey.expert, grey.studies, grey.verdicts, grey.key_slices) == (GREY_ZONE, 3, 1, 1)
    assert grey.probability == pytest.approx(0.1)
    assert (every.studies, every.verdicts) == (1, 1)


def test_a_probability_that_only_one_has_is_the_largest_difference() -> None:
    found = list(
        flips(record(outcome("verdicts", SERVED.name, verdict(0)), outcome("verdicts", "cuda", verdict(0, of=FAILED))))
    )
    assert (found[0].verdicts, found[0].probability) == (1, 1.0)


def test_the_floor_is_of_the_providers_own_rates() -> None:
    rates = ({"rate": "copy", "bytes_per_s": 100.0}, {"rate": "gemm", "multiply_adds_per_s": 10.0, "side": 4})
    call = {"network": "classifier", "batch": 2, "call_s": 4.0, "bytes": 50, "multiply_adds": 15}
    measured = record(
        outcome("throughput", "cuda", call), outcome("throughput", "cpu", call), outcome("floor", "cuda", *rates)
    )
    assert floor_s(measured, "cuda", call) == pytest.approx(0.5 + 1.5)
    assert floor_s(measured, "cpu", call) is None
    assert "| classifier | 2 | 0.500 |  |" in page(measured)


def test_a_rate_that_the_noise_hid_gives_no_share() -> None:
    rates = ({"rate": "copy", "bytes_per_s": None}, {"rate": "gemm", "multiply_adds_per_s": 10.0, "side": 4})
    call = {"network": "classifier", "batch": 2, "call_s": 4.0, "bytes": 50, "multiply_adds": 15}
    measured = record(outcome("throughput", "cuda", call), outcome("floor", "cuda", *rates))
    assert floor_s(measured, "cuda", call) is None
    assert "not told" in page(measured)


def test_what_cannot_run_is_on_the_page_by_name_and_reason() -> None:
    found = record(*(outcome(part, "tensorrt", reason=f"no TensorRT for {part}") for part in LIMITS_S))
    assert not found.is_complete
    shown = page(found)
    assert ON_A_CPU in shown
    for part in LIMITS_S:
        assert f"- TensorRT FP16 plan: **cannot run**: no TensorRT for {part}" in shown


def test_all_parts_and_providers_are_planned_and_verdicts_have_their_baseline() -> None:
    tasks = [(task.part, task.provider.name) for task in tasks_of(["cuda", "tensorrt"], list(LIMITS_S))]
    assert tasks[:2] == [("build", "cuda"), ("build", "tensorrt")]  # a plan is built before it is read
    assert ("verdicts", SERVED.name) in tasks
    assert len(tasks) == 2 * len(LIMITS_S) + 1


def test_it_needs_no_torch() -> None:
    """The extra `gpu` has none: it would bring two more GB to the machine."""
    modules = ["__main__", "isolated", *(f"parts.{part}" for part in LIMITS_S)]
    imports = "; ".join(f"import benchmarks.gpu.{module}" for module in modules)
    subprocess.run([sys.executable, "-c", f"import sys; sys.modules['torch'] = None; {imports}"], check=True)


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    return Setting(repository=tmp_path, served=tmp_path, uploads=(), cache=tmp_path, short=True)


@pytest.mark.parametrize(
    ("then", "state"), [("sleep 600", "out of time"), ("kill -9 $$", "failed"), ("exit 3", "failed")]
)
def test_the_rows_before_the_end_are_kept(
    then: str, state: str, setting: Setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script in place of the child: it gives a row, and then hangs, is killed, or ends."""
    script = tmp_path / "python"
    script.write_text(f'#!/bin/sh\ncat > /dev/null\necho \'{{"row": {{"a": 1}}}}\' > "$5"\n{then}\n')
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    found = run_isolated(Task("floor", PROVIDERS["cpu"], 5.0), setting, 5.0, tmp_path / "log")
    assert (found.state, found.rows) == (state, ({"a": 1},))
    assert found.reason


def test_the_child_says_why_a_part_cannot_run(setting: Setting, tmp_path: Path) -> None:
    assert CUDA in (why_not(PROVIDERS["cuda"]) or "")
    assert why_not(PROVIDERS["cpu"]) is None
    found = run_isolated(Task("floor", PROVIDERS["cuda"], 600.0), setting, 600.0, tmp_path / "log")
    assert (found.state, found.rows) == ("cannot run", ())
    assert CUDA in found.reason


def test_an_error_of_a_part_is_its_outcome(setting: Setting, tmp_path: Path) -> None:
    found = run_isolated(Task("throughput", PROVIDERS["cpu"], 600.0), setting, 600.0, tmp_path / "log")
    assert found.state == "failed"
    assert "model_card.json" in found.reason
    assert sys.executable not in found.reason

"""The pipeline with a 3D expert that fails: only its study is lost, and a pathology says that it had no opinion."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from gateway.fairness.party import Party
from gateway.inference.admission import Admission
from gateway.inference.engine import Deadline, Engine
from gateway.inference.expert_admission import ExpertAdmission
from gateway.screening.decode_workers import DecodePool, FileDeleted, WorkerFault
from gateway.screening.pipeline import ScreeningPipeline, Upload
from gateway.telemetry.metrics import Metrics
from screening.block_preparation import prepare_blocks
from screening.errors import EngineDeadline, EngineFault
from screening.evaluation.scored_studies import LeftOut, scored_study
from screening.intake.upload import Budgets
from screening.phantom.phantom_study import write_phantom
from screening.results.expert_opinion import ExpertOutputs
from screening.results.expert_rules import ExpertRules
from screening.results.fusion import SliceOutputs
from screening.results.model_card import ModelCard
from tests.unit.screening.studies import SIZE, SLICES, card_of, outputs_of

FILE = {"expert3d/1/model.onnx": "0" * 64}


class InThisProcess:
    """A pool of workers whose `failing` function has a fault."""

    def __init__(self, fault: Exception | None, failing: Callable[..., Any] = prepare_blocks) -> None:
        self.fault, self.failing = fault, failing

    def shared_by(self, _party: Party) -> "InThisProcess":
        return self

    async def run(self, deadline: Deadline, function: Callable[..., Any], *args: Any) -> Any:
        deadline.left_s()
        if self.fault is not None and function is self.failing:
            raise self.fault
        return function(*args)


class Networks:
    """Slice networks that see a normal study, and an expert that sees a pathology or fails."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.fault = fault

    async def infer(self, views: np.ndarray, *_: object) -> SliceOutputs:
        return outputs_of(len(views))

    async def ask_expert(self, blocks: np.ndarray, *_: object) -> ExpertOutputs:
        if self.fault is not None:
            raise self.fault
        return ExpertOutputs(np.full(len(blocks), 9.0, np.float32), np.zeros((len(blocks), 3), np.float32))


def card_at(threshold: float) -> ModelCard:
    rules = ExpertRules(1.0, 0.0, (0.0, 1.0), every_study=True, farthest_mm=20.0)
    card = replace(card_of(), test_time_slices=0, expert3d=rules, file_hashes=FILE)
    return replace(card, operating_point=replace(card.operating_point, threshold=threshold))


def pipeline(
    threshold: float,
    *,
    worker: Exception | None = None,
    expert: Exception | None = None,
    places: ExpertAdmission | None = None,
    deadline_s: float = 60.0,
) -> ScreeningPipeline:
    return ScreeningPipeline(
        cast("DecodePool", InThisProcess(worker)),
        cast("Engine", Networks(expert)),
        Admission(1000, 1000),
        places or ExpertAdmission(1, 1),
        card_at(threshold),
        Budgets(),
        Metrics(),
        deadline_s,
    )


NORMAL, PATHOLOGY = 0.5, 1e-9  # thresholds at which the slice networks alone call the study so


@pytest.fixture
def upload(tmp_path: Path) -> Upload:
    (tmp_path / "scratch").mkdir()
    path = write_phantom(tmp_path / "study.zip", slices=SLICES, size=SIZE)
    return Upload(path, path.name, tmp_path / "scratch")


async def report_of(served: ScreeningPipeline, upload: Upload) -> dict[str, Any]:
    (report,) = await served.reports(upload)
    return report.to_json()


@pytest.mark.parametrize("fault", [WorkerFault("frames"), FileDeleted("frames")])
async def test_a_fault_of_the_worker_is_an_error_of_this_study(upload: Upload, fault: Exception) -> None:
    report = await report_of(pipeline(NORMAL, worker=fault), upload)
    assert (report["verdict"], report["error"]["code"]) == ("not_analysed", "engine_fault")
    assert report["row"]["study_uid"]


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        ({"worker": WorkerFault("frames")}, "engine_fault"),
        ({"expert": EngineFault("no")}, "engine_fault"),
        ({"expert": EngineDeadline("late")}, "engine_deadline"),
    ],
)
async def test_a_pathology_says_that_the_expert_failed(upload: Upload, faults: dict[str, Any], code: str) -> None:
    report = await report_of(pipeline(PATHOLOGY, **faults), upload)
    assert report["verdict"] == "pathology"
    assert report["evidence"]["expert3d_error"] == code
    assert f"3D expert gave no opinion ({code})" in report["warnings"][0]
    assert scored_study([report], "study", "patient", 1, card_at(0.5)) is LeftOut.FAILED


async def test_one_that_the_expert_saw_has_no_such_warning(upload: Upload) -> None:
    report = await report_of(pipeline(NORMAL), upload)
    assert report["verdict"] == "pathology"
    assert "expert3d_error" not in report["evidence"]
    assert not any("3D expert" in warning for warning in report["warnings"])


@pytest.mark.parametrize("threshold", [NORMAL, PATHOLOGY])
async def test_an_upload_waits_for_a_place_no_longer_than_its_time_and_frees_its_slices(
    upload: Upload, threshold: float
) -> None:
    places = ExpertAdmission(1, 0)
    served = pipeline(threshold, places=places, deadline_s=3.0)
    async with AsyncExitStack() as others:
        await others.enter_async_context(places.place(Deadline.after(60)))
        report = await report_of(served, upload)
    assert report["verdict"] == ("not_analysed" if threshold == NORMAL else "pathology")
    told = report["error"]["code"] if threshold == NORMAL else report["evidence"]["expert3d_error"]
    assert told == "engine_deadline"
    assert "expert3d" not in report.get("evidence", {})
    async with served.admission.hold(1000):
        pass

"""The 3D expert end to end on a real Triton: in the grey zone, out of it, and where it is missing."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from scipy.special import expit

from gateway.inference.expert_admission import ExpertAdmission
from gateway.inference.triton_client import TritonEngine
from gateway.screening.pipeline import ScreeningPipeline, Upload
from screening.results.expert_rules import ExpertRules
from tests.integration.gateway.expert.repositories import LOGIT, with_expert, without_expert
from tests.integration.gateway.running_gateway import RunningGateway, running_gateway

ALWAYS = ExpertRules(1.0, 0.0, (0.0, 1.0), every_study=False, farthest_mm=20.0)
OUT_OF_ZONE = ExpertRules(1.0, 0.0, (0.0, 1e-12), every_study=False, farthest_mm=20.0)
FILE = {"expert3d/1/model.onnx": "0" * 64}


@pytest.fixture(scope="module")
def expert_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    repository = with_expert(tmp_path_factory.mktemp("expert") / "repository", tmp_path_factory.mktemp("checkpoint"))
    with running_gateway(tmp_path_factory.mktemp("scratch"), model_repository=repository) as running:
        yield running


@pytest.fixture(scope="module")
def gateway_without(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    repository = without_expert(tmp_path_factory.mktemp("without") / "repository")
    with running_gateway(tmp_path_factory.mktemp("scratch"), model_repository=repository) as running:
        yield running


def test_in_the_grey_zone_its_opinion_joins_the_score(expert_gateway: RunningGateway, phantom: Path) -> None:
    assert expert_gateway.is_ready()
    report = screened(expert_gateway, phantom, ALWAYS)
    expert = report["evidence"]["expert3d"]
    assert expert["p"] == pytest.approx(float(expit(LOGIT)), abs=1e-4)
    assert report["score"] == pytest.approx(max(expert["p"], report["evidence"]["classifier_p"]), abs=1e-5)
    assert {"expert_queue", "expert_blocks", "expert_inference"} <= set(report["timings_s"])
    assert 0 <= expert["slice"] < 24


def test_out_of_the_grey_zone_it_is_not_asked(expert_gateway: RunningGateway, phantom: Path) -> None:
    report = screened(expert_gateway, phantom, OUT_OF_ZONE)
    assert "expert3d" not in report["evidence"]
    assert "expert_blocks" not in report["timings_s"]


def test_the_same_study_has_the_same_report(expert_gateway: RunningGateway, phantom: Path) -> None:
    first, second = (screened(expert_gateway, phantom, ALWAYS) for _ in range(2))
    assert first["evidence"] == second["evidence"]


@pytest.mark.parametrize(("threshold", "verdict"), [(1e-9, "pathology"), (1 - 1e-9, "not_analysed")])
def test_without_the_model_nothing_is_normal(
    gateway_without: RunningGateway, phantom: Path, threshold: float, verdict: str
) -> None:
    """The card asks for an expert that the repository does not serve; what is pathology without it stays so."""
    report = screened(gateway_without, phantom, ALWAYS, threshold)
    assert report["verdict"] == verdict
    assert "expert3d" not in report.get("evidence", {})
    if verdict == "not_analysed":
        assert report["error"]["code"].startswith("engine")


def screened(running: RunningGateway, path: Path, rules: ExpertRules, threshold: float | None = None) -> dict[str, Any]:
    """The report with these rules, through the running gateway's workers and Triton."""
    return ThreadPoolExecutor(1).submit(asyncio.run, _screened(running, path, rules, threshold)).result()


async def _screened(running: RunningGateway, path: Path, rules: ExpertRules, threshold: float | None) -> dict[str, Any]:
    services, pipeline = running.services, running.services.pipeline
    card = pipeline.card
    point = card.operating_point if threshold is None else replace(card.operating_point, threshold=threshold)
    changed = replace(card, expert3d=rules, file_hashes={**card.file_hashes, **FILE}, operating_point=point)
    secret = services.triton_secret
    engine = TritonEngine(
        services.triton_url,
        changed.contract,
        card.ensemble_version,
        services.settings.chunk_slices,
        secret=secret.get_secret_value() if secret else None,
    )
    own = ScreeningPipeline(
        services.decode,
        engine,
        pipeline.admission,
        ExpertAdmission(1, 1),
        changed,
        pipeline.budgets,
        pipeline.metrics,
        deadline_s=60.0,
    )
    try:
        with TemporaryDirectory() as scratch:
            (report,) = await own.reports(Upload(path, path.name, Path(scratch)))
    finally:
        await engine.close()
    return report.to_json()

"""The metrics of a study, as Prometheus scrapes them."""

import dataclasses
import math
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.telemetry.drift import MIN_STUDIES
from gateway.telemetry.metrics import Metrics
from screening.results.model_card import InvalidModelCard, ModelCard

CARD = ModelCard.load(Path(__file__).resolve().parents[4] / "model_repository" / "model_card.json")
WITHOUT = dataclasses.replace(CARD, probability_histogram=None)
WITH = dataclasses.replace(CARD, probability_histogram=(50, 20, 10, 5, 5, 2, 2, 2, 2, 2))

BEFORE = dataclasses.replace(
    WITH, version="trained-before", expert3d=None, file_hashes={"classifier/1/model.onnx": "0" * 64}
)
OF_SITE = dataclasses.replace(WITH, version="site-1", probability_histogram=(2, 2, 2, 2, 2, 5, 5, 10, 20, 5000))


def samples(metrics: Metrics) -> dict[tuple[str, str], float]:
    """Every sample by its name and its labels' values."""
    page = metrics.exposition().decode()
    families = text_string_to_metric_families(page)
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def test_a_stage_is_timed_on_the_page_and_in_the_report() -> None:
    metrics, timings_s = Metrics(), dict[str, float]()
    with metrics.stage("decode", timings_s):
        pass
    assert samples(metrics)["turnstile_stage_seconds_count", "decode"] == 1
    assert timings_s["decode"] == pytest.approx(samples(metrics)["turnstile_stage_seconds_sum", "decode"])


def test_the_model_card_is_named() -> None:
    metrics = Metrics()
    metrics.set_model_card(CARD)
    assert samples(metrics)["turnstile_model_card_info", f"{str(CARD.trained).lower()},{CARD.version}"] == 1


def test_drift_is_measured_after_enough_studies() -> None:
    metrics = Metrics()
    metrics.set_model_card(WITH)
    assert samples(metrics)["turnstile_probability_drift", "too_few"] == 1
    for _ in range(MIN_STUDIES):
        metrics.observe_study(WITH, 0.95, 0.4)
    output = samples(metrics)
    assert output["turnstile_probability_drift", "measured"] == 1
    assert output["turnstile_probability_psi", ""] > 0.25
    assert output["turnstile_study_seconds_count", ""] == MIN_STUDIES
    assert output["turnstile_probability_bucket", "0.9"] == 0


def test_studies_of_the_networks_before_do_not_count_towards_drift() -> None:
    metrics = Metrics()
    metrics.set_model_card(WITH)
    for _ in range(MIN_STUDIES):
        metrics.observe_study(BEFORE, 0.95, 0.4)
    output = samples(metrics)
    assert output["turnstile_probability_drift", "too_few"] == 1
    assert output["turnstile_study_seconds_count", ""] == MIN_STUDIES


def test_studies_by_a_card_of_the_site_are_compared_with_its_own_validation() -> None:
    metrics = Metrics()
    metrics.set_model_card(WITH)
    for _ in range(MIN_STUDIES):
        metrics.observe_study(WITH, 0.95, 0.4)
    for _ in range(MIN_STUDIES):
        metrics.observe_study(OF_SITE, 0.95, 0.4)
    assert samples(metrics)["turnstile_probability_psi", ""] < 0.25
    metrics.observe_study(WITH, 0.95, 0.4)
    assert samples(metrics)["turnstile_probability_psi", ""] > 0.25


def test_without_a_histogram_drift_is_not_measured() -> None:
    metrics = Metrics()
    metrics.set_model_card(WITHOUT)
    for _ in range(MIN_STUDIES):
        metrics.observe_study(WITHOUT, 0.95, 0.4)
    assert samples(metrics)["turnstile_probability_drift", "no_reference"] == 1
    assert math.isnan(samples(metrics)["turnstile_probability_psi", ""])


@pytest.mark.parametrize("counts", [(5,), (0, 0), (3, -1)])
def test_an_empty_histogram_is_refused(counts: tuple[int, ...]) -> None:
    with pytest.raises(InvalidModelCard):
        dataclasses.replace(CARD, probability_histogram=counts)

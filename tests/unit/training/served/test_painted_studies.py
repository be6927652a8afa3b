"""Lesions are painted into a volume whose lungs hold nothing else; what a network sees of them is counted."""

from pathlib import Path

import numpy as np
import pytest

from screening.evaluation.exact_interval import exact_interval
from screening.results.verdict import Verdict
from training.served.decoded_volume import DecodedVolume
from training.served.detection_curves import chance_level, detected, pointed_at, shown_in_a_view
from training.served.exported_networks import ExportedNetworks
from training.served.painted_studies import PaintedStudy, PaintingPlan, lesions_to_paint, painted_studies, stack_of
from training.served.served_study import serve
from training.synthesis.volume_lesions import Density, Place


@pytest.fixture(scope="module")
def clean(volume: DecodedVolume) -> DecodedVolume:
    """The phantom without vessels, heart and domes in its lung masks."""
    masks = volume.lung_masks()
    return volume.with_values(np.where(masks, np.minimum(volume.values, -850), volume.values).astype(np.int16))


@pytest.fixture(scope="module")
def painted(clean: DecodedVolume, repository: Path) -> list[PaintedStudy]:
    networks = ExportedNetworks(repository)
    plain = serve(clean, networks)
    assert plain.verdict is not Verdict.PATHOLOGY
    plan = PaintingPlan(solid=1, others=0, sizes_mm=(4.0, 20.0))
    return list(painted_studies("clean", stack_of(clean), clean, networks, plain, plan))


def test_large_lesions_are_found_more_often_than_small_ones(painted: list[PaintedStudy]) -> None:
    found = {
        line.size_mm: line.found.value for line in detected(painted, lambda one: one.lesion.density.value, ["clean"])
    }
    assert found[20.0] > found[4.0]
    assert found[20.0] > 0.2
    assert all(one.logit >= one.logit_without - 0.3 for one in painted)


def test_the_highest_cell_points_at_what_was_found(painted: list[PaintedStudy]) -> None:
    found = [one for one in painted if one.pathology]
    assert all(one.pointed and one.in_view for one in found)
    assert all(set(one.logits) == set(found[0].logits) for one in found)
    assert chance_level(painted, 4.0) < chance_level(painted, 20.0) < 0.2
    shown = {line.size_mm: line for line in shown_in_a_view(painted)}
    assert shown[20.0].found.value == 1.0  # views lie 8 mm apart
    assert {line.size_mm for line in pointed_at(painted)} <= set(shown)


def test_a_volume_that_is_ill_without_a_lesion_says_nothing_of_detection(painted: list[PaintedStudy]) -> None:
    assert list(detected(painted, lambda one: one.lesion.place.value, [])) == []


def test_the_plan_has_every_size_density_and_place() -> None:
    lesions = list(lesions_to_paint(PaintingPlan(solid=2, others=1, sizes_mm=(6.0, 10.0))))
    assert len(lesions) == 2 * len(Place) * (2 + len(Density) - 1)
    assert {(one.diameter_mm, one.density, one.place) for one in lesions} == {
        (size, density, place) for size in (6.0, 10.0) for density in Density for place in Place
    }


def test_intervals_are_exact_and_have_a_width(painted: list[PaintedStudy]) -> None:
    for line in detected(painted, lambda _: "all", ["clean"]):
        assert line.found == exact_interval(line.found.value, line.lesions)
        assert line.found.low < line.found.high

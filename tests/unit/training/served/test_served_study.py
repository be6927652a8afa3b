"""A series in memory is screened as serving screens it; what is remembered is what would be computed."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.errors import NoLung
from screening.lungs.in_plane_orientation import STANDARD
from screening.lungs.slice_anatomy import slice_anatomy
from screening.preparation import prepare
from screening.results.verdict import Verdict
from screening.results.volume_rule import MAXIMUM
from screening.series.studies import Study
from tests.unit.training.served.bright_networks import CARD, write_bright_repository
from training.served.decoded_volume import DecodedVolume
from training.served.exported_networks import ExpertNotServed, ExportedNetworks, _Remembered
from training.served.remembered import RememberedAnatomies
from training.served.served_study import serve, threshold_logit


def test_a_decoded_series_has_the_views_of_serving(
    phantom_study: Study, volume: DecodedVolume, networks: ExportedNetworks
) -> None:
    expected = prepare(phantom_study, networks.card.image_size, networks.card.view_spacing_mm)
    served = serve(volume, networks)
    assert served.prepared.slice_indices == expected.slice_indices
    np.testing.assert_array_equal(served.prepared.views, expected.views)
    np.testing.assert_array_equal(served.prepared.lung_masks, expected.lung_masks)
    assert len(served.fusion.test_time) == networks.card.test_time_slices


def test_the_threshold_in_logits_divides_the_verdicts(volume: DecodedVolume, networks: ExportedNetworks) -> None:
    served = serve(volume, networks)
    assert (served.logit >= threshold_logit(networks.card)) == (served.verdict is Verdict.PATHOLOGY)
    assert served.by(MAXIMUM) == pytest.approx(served.logit, abs=1e-9)


def test_a_card_with_an_expert_that_would_not_be_asked_is_refused(tmp_path: Path) -> None:
    repository = write_bright_repository(tmp_path)
    card = repository / "model_card.json"
    rules = {"slope": 1.0, "shift": 0.0, "grey_zone": [0.1, 0.5], "every_study": False}
    card.write_text(
        json.dumps({**CARD, "expert3d": rules, "file_hashes": {"expert3d/1/model.onnx": "0" * 64}}), "utf-8"
    )
    with pytest.raises(ExpertNotServed, match="bright-1 has a 3D expert"):
        ExportedNetworks(repository)


def test_without_lungs_a_study_is_not_analysed(volume: DecodedVolume, networks: ExportedNetworks) -> None:
    filled = volume.with_values(np.full_like(volume.values, 40))
    with pytest.raises(NoLung):
        serve(filled, networks)


def test_a_part_of_the_slices_keeps_their_values_and_places(volume: DecodedVolume) -> None:
    half = volume.only(range(1, len(volume), 2))
    np.testing.assert_array_equal(half.values, volume.values[1::2])
    assert half.geometry.spacing_mm[0] == pytest.approx(2 * volume.geometry.spacing_mm[0], rel=1e-3)
    with pytest.raises(ValueError, match="no HU"):
        volume.with_values(volume.values[:-1])


def test_anatomies_that_are_remembered_are_those_of_serving(volume: DecodedVolume) -> None:
    remembered = RememberedAnatomies()
    spacing_mm = volume.geometry.spacing_mm[1:]
    for index in (20, 40, 20):
        found, expected = (
            remembered(volume.hu(index), spacing_mm, STANDARD),
            slice_anatomy(volume.hu(index), spacing_mm),
        )
        np.testing.assert_array_equal(found.lungs, expected.lungs)
        assert (found.right, found.left, found.blank) == (expected.right, expected.left, expected.blank)
    assert remembered(volume.hu(20), spacing_mm, STANDARD) is remembered(volume.hu(20).copy(), spacing_mm, STANDARD)
    other = remembered(volume.hu(20), (2 * spacing_mm[0], spacing_mm[1]), STANDARD)
    assert other is not remembered(volume.hu(20), spacing_mm, STANDARD)


@given(st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=9), min_size=1, max_size=5))
def test_what_is_remembered_is_what_would_be_computed(batches: list[list[int]]) -> None:
    seen: list[int] = []

    def run(views: np.ndarray, masks: np.ndarray) -> tuple[np.ndarray, ...]:
        seen.extend(views[:, 0, 0, 0].tolist())
        return (views[:, 0, 0].astype(np.float32) + masks[:, 0, 0], views.sum(axis=(1, 2, 3)).astype(np.float32))

    remembered = _Remembered(run)
    for batch in batches:
        views = np.repeat(np.array(batch, np.uint8), 4).reshape(len(batch), 1, 2, 2)
        masks = np.ones_like(views)
        for found, expected in zip(remembered(views, masks), run(views, masks), strict=True):
            np.testing.assert_array_equal(found, expected)
        del seen[-len(batch) :]
    assert len(seen) == len({one for batch in batches for one in batch})

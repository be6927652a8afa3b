"""A series in memory is screened as serving screens it; what is remembered is what would be computed."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logit

from export.onnx_graph import write_onnx
from screening.errors import NoLung
from screening.lungs.in_plane_orientation import STANDARD
from screening.lungs.slice_anatomy import slice_anatomy
from screening.preparation import prepare
from screening.results.model_card import ModelCard
from screening.results.verdict import Verdict
from screening.results.volume_rule import MAXIMUM
from screening.series.studies import Study
from tests.unit.training.served.bright_networks import CARD, write_bright_repository
from training.networks import load_network, save_network
from training.networks.expert import Expert3d
from training.served.decoded_volume import DecodedVolume
from training.served.exported_networks import ExportedNetworks, _Remembered
from training.served.remembered import RememberedAnatomies
from training.served.served_study import serve, threshold_logit
from training.volume.expert_evaluation import read_volume


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


@pytest.fixture(scope="module")
def expert(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A checkpoint of the 3D expert, and a repository that serves it."""
    folder = tmp_path_factory.mktemp("expert")
    torch.manual_seed(0)
    network = Expert3d()
    save_network(network, folder / "expert.pt", 32)
    repository = write_bright_repository(folder / "repository")
    card = ModelCard.load(repository / "model_card.json")
    (repository / "expert3d" / "1").mkdir(parents=True)
    write_onnx(network, card.contract.expert3d, repository / "expert3d" / "1" / "model.onnx")
    return folder / "expert.pt", repository


def networks_with(expert: tuple[Path, Path], **changed: object) -> ExportedNetworks:
    rules = {"slope": 1.0, "shift": 9.0, "grey_zone": [0.0, 1.0], "every_study": False, "farthest_mm": 6.5}
    card = {**CARD, "expert3d": rules | changed, "file_hashes": {"expert3d/1/model.onnx": "0" * 64}}
    (expert[1] / "model_card.json").write_text(json.dumps(card), "utf-8")
    return ExportedNetworks(expert[1])


def test_the_experts_opinion_is_that_of_its_network_and_joins_the_maximum(
    volume: DecodedVolume, expert: tuple[Path, Path]
) -> None:
    networks = networks_with(expert)
    served = serve(volume, networks)
    read = read_volume(load_network(Expert3d, expert[0]), volume, networks.card.view_spacing_mm)
    assert served.fusion.expert is not None
    assert logit(served.fusion.expert.p) == pytest.approx(read.logit + 9.0, abs=1e-3)
    assert served.fusion.score == max(served.fusion.expert.p, served.fusion.classifier_p)
    assert served.fusion.by_expert
    assert served.verdict is Verdict.PATHOLOGY


@pytest.mark.parametrize("changed", [{"farthest_mm": 3.0}, {"grey_zone": [0.99999, 1.0]}])
def test_an_expert_that_serving_would_not_ask_has_no_opinion(
    volume: DecodedVolume, expert: tuple[Path, Path], changed: dict[str, object]
) -> None:
    served = serve(volume, networks_with(expert, **changed))
    assert served.fusion.expert is None
    assert served.fusion.score == served.fusion.classifier_p


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

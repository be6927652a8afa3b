"""Distillation: the teacher's maps are read where each cell lies, and an encoder that says the same has no loss."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.unit.training.drawn_teacher import drawn_maps
from tests.unit.training.tiny_networks import write_slices
from training.augmentation import augmented_with_placement
from training.auxiliary_teacher import AuxiliaryTeacher
from training.datasets.slice_manifest import slices_with_manifest
from training.distillation import Distillation, DistillationBatch, between_edges, cell_loss, distillation_loss
from training.networks import Encoder
from training.slice_cache import PreparationSettings, SliceCache, prepare_cache
from training.teacher_features import TeacherFeatures, prepare_teacher_features

WHOLE = np.array([0, 96, 0, 96], np.int16)


@pytest.fixture(scope="module")
def slices(tmp_path_factory: pytest.TempPathFactory) -> SliceCache:
    root = tmp_path_factory.mktemp("slices")
    entries = list(slices_with_manifest(write_slices(root / "data", groups=4, datasets=("one",))))
    return prepare_cache(entries, PreparationSettings(64, 8.0), root)


@pytest.fixture(scope="module")
def teacher(slices: SliceCache, tmp_path_factory: pytest.TempPathFactory) -> TeacherFeatures:
    return prepare_teacher_features(slices, tmp_path_factory.mktemp("teacher"), range(len(slices)), 1, drawn_maps)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), x=st.integers(30, 66), y=st.integers(30, 66), size=st.sampled_from([64, 96]))
def test_a_placement_says_where_a_point_of_the_view_lies(seed: int, x: int, y: int, size: int) -> None:
    view = np.asarray(cv2.circle(np.zeros((96, 96), np.uint8), (x, y), 5, 255, -1), np.uint8)
    seen, placement = augmented_with_placement(view, WHOLE, size, (0.8, 1.05), np.random.default_rng(seed))
    bright = seen > (seen.min() + seen.max()) / 2
    rows, columns = np.nonzero(bright)
    margin = 4
    cut_off = min(rows.min(), columns.min()) < margin or max(rows.max(), columns.max()) >= size - margin
    if cut_off or bright.sum() > 400:  # partly outside, or the filled edge is as bright
        return
    found = placement @ [columns.mean(), rows.mean(), 1.0]
    np.testing.assert_allclose(found, [x, y], atol=1.5)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), cells=st.sampled_from([4, 5, 8]))
def test_maps_are_read_where_each_cell_lies(seed: int, cells: int) -> None:
    """The teacher's map is linear in the place, so each cell's wanted value is that of its own centre."""
    side, size = 96, 64
    random = np.random.default_rng(seed)
    _, placement = augmented_with_placement(np.zeros((side, side), np.uint8), WHOLE, size, (0.5, 0.8), random)
    centres = (np.arange(cells) + 0.5) * size / cells - 0.5
    x, y = np.meshgrid(centres, centres)
    in_slice = np.einsum("ij,jhw->ihw", placement, np.stack([x, y, np.ones_like(x)]))
    ramp = torch.linspace(-1 + 1 / 48, 1 - 1 / 48, 48)
    maps = torch.stack([ramp.expand(48, 48), ramp[:, None].expand(48, 48), torch.ones(48, 48)])[None]
    said = torch.from_numpy(np.concatenate([2 * (in_slice + 0.5) / side - 1, np.ones((1, cells, cells))]))[None]
    placed = torch.from_numpy(between_edges(placement, size, side))[None].float()
    assert cell_loss(said.float(), maps, placed) < 2e-3  # a cell at the very edge reads half a cell off
    assert cell_loss(said.float().flip(3), maps, placed) > 0.01


def test_cells_outside_the_slice_do_not_count() -> None:
    maps = torch.ones(1, 2, 4, 4)
    shifted = torch.tensor([[[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]])  # the right half of the view lies outside
    cells = torch.ones(1, 2, 4, 4)
    cells[..., 2:] = -1.0
    assert cell_loss(cells, maps, shifted) == pytest.approx(0.0, abs=1e-6)
    assert cell_loss(-cells, maps, shifted) == pytest.approx(2.0, abs=1e-6)


def test_training_lowers_the_loss(slices: SliceCache, teacher: TeacherFeatures) -> None:
    torch.manual_seed(3)
    encoder, distillation = Encoder(), Distillation(teacher)
    optimizer = torch.optim.AdamW([*encoder.parameters(), *distillation.parameters()], 1e-3)
    batch = DistillationBatch.draw(slices, teacher, range(4), 64, np.random.default_rng(0))
    losses = []
    for _ in range(6):
        loss: Tensor = distillation_loss(encoder, distillation, batch)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch's stub
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.8 * losses[0]


def test_beside_another_stage_it_draws_only_what_the_teacher_has_seen(
    slices: SliceCache, teacher: TeacherFeatures
) -> None:
    seen = replace(teacher, rows={index: row for index, row in teacher.rows.items() if index % 2})
    torch.manual_seed(4)
    encoder, device = Encoder(), torch.device("cpu")
    one, two = (AuxiliaryTeacher(slices, seen, range(6), weight) for weight in (1.0, 2.0))
    two.load_state_dict(one.state_dict())
    first, second = (taught(encoder.eval(), 64, np.random.default_rng(1), device) for taught in (one, two))
    assert float(second.detach()) == pytest.approx(2 * float(first.detach()), rel=1e-3)


def test_a_batch_is_drawn_again_from_the_same_seed(slices: SliceCache, teacher: TeacherFeatures) -> None:
    first, second = (DistillationBatch.draw(slices, teacher, [3, 1, 3], 64, np.random.default_rng(9)) for _ in range(2))
    assert torch.equal(first.views, second.views)
    assert torch.equal(first.last[0], first.last[2])
    assert not torch.equal(first.views[0], first.views[2])
    assert first.views.abs().max() <= 1.0

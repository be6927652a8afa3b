"""Free-response figures against hand-counted cases, and marks against cells that are known."""

import json
from dataclasses import asdict

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from screening.blocks.tiling import blocks_of
from tests.unit.screening.blocks.test_tiling import AFFINE, grid_of
from training.networks.expert import Expert3d
from training.volume.expert_marks import LOWEST, Mark, read
from training.volume.froc import froc, threshold_at

NORMAL = [[3.0, 1.0], [2.0], [0.5], [-1.0]]
logits = st.lists(st.lists(st.floats(-6, 6), max_size=6), min_size=1, max_size=5)


@pytest.mark.parametrize(("rate", "threshold"), [(0.0, 3.0), (0.25, 2.0), (0.5, 1.0), (1.0, -1.0), (2.0, LOWEST)])
def test_the_threshold_allows_so_many_false_marks(rate: float, threshold: float) -> None:
    assert threshold_at(rate, NORMAL) == threshold


@given(logits, st.floats(0, 3))
def test_no_more_false_marks_than_allowed(normal: list[list[float]], rate: float) -> None:
    threshold = threshold_at(rate, normal)
    assert sum(mark > threshold for one in normal for mark in one) <= rate * len(normal)


def test_lesions_are_counted_by_size() -> None:
    lines = froc([(4.0, -2.0), (4.0, 2.5), (10.0, 4.0)], NORMAL, rates=(0.0, 0.25))
    assert [(line.size_mm, line.lesions, line.found.value) for line in lines] == [
        (4.0, 2, 0.0),
        (4.0, 2, 0.5),
        (10.0, 1, 1.0),
        (10.0, 1, 1.0),
    ]


def test_a_missed_lesion_is_found_at_no_rate_of_false_marks() -> None:
    lines = froc([(4.0, LOWEST), (4.0, 1.0)], [[], [2.0]], rates=(0.25, 1.0))
    assert [(line.found.value, line.threshold) for line in lines] == [(0.0, 2.0), (0.5, LOWEST)]
    json.dumps([asdict(line) for line in lines], allow_nan=False)


def test_marks_are_the_highest_cells_at_their_place() -> None:
    torch.manual_seed(0)
    network, blocks = Expert3d().eval(), blocks_of(grid_of(48, 96), AFFINE)
    reading = read(network, blocks)
    with torch.no_grad():
        logit, peak = network(torch.from_numpy(blocks.blocks), torch.from_numpy(blocks.masks))
    assert reading.logit == pytest.approx(float(logit), abs=1e-5)
    assert reading.marks[0].at_lps_mm == pytest.approx(blocks.position_lps_mm(peak[0].numpy().astype(np.float64)))
    assert [mark.logit for mark in reading.marks] == sorted((mark.logit for mark in reading.marks), reverse=True)


def test_a_mark_is_near_within_its_distance() -> None:
    mark = Mark(1.0, (10.0, 0.0, 0.0))
    assert mark.near((13.0, 4.0, 0.0), 5.0)
    assert not mark.near((13.0, 4.0, 1.0), 5.0)
    assert LOWEST < 0

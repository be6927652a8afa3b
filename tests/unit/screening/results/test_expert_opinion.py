"""The 3D expert's rules and opinion: when it is asked, on which scale it answers, and what it may not answer."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from screening.blocks.tiling import LungBlocks, blocks_of
from screening.contract import BLOCK
from screening.errors import EngineFault
from screening.results.evidence import Evidence, pack, unpack
from screening.results.expert_opinion import ExpertOpinion, ExpertOutputs
from screening.results.expert_rules import ExpertRules
from screening.results.model_card import InvalidModelCard
from screening.results.report import Report
from screening.results.verdict import Verdict
from tests.unit.screening.blocks.test_tiling import AFFINE, grid_of
from tests.unit.screening.studies import card_of, eight_slices, fusion_of, outputs_of

SHARES = st.floats(0.0, 1.0)
RULES = ExpertRules(2.0, -1.0, (0.1, 0.4), every_study=False, farthest_mm=6.5)


def blocks() -> LungBlocks:
    return blocks_of(grid_of(60, 100), AFFINE)


def outputs(*logits: float) -> ExpertOutputs:
    peaks = np.tile(np.array([[1, 2, 3]], np.float32), (len(logits), 1))
    return ExpertOutputs(np.array(logits, np.float32), peaks)


@pytest.mark.parametrize(("probability", "asked"), [(0.05, False), (0.1, True), (0.39, True), (0.4, False)])
def test_it_is_asked_in_the_grey_zone_and_on_a_gpu_about_every_study(probability: float, asked: bool) -> None:
    assert RULES.asks(probability, threshold=0.3, slice_mm=6.0) is asked
    assert replace(RULES, every_study=True).asks(probability, threshold=0.3, slice_mm=6.0)


@pytest.mark.parametrize("every_study", [False, True])
def test_it_is_not_asked_where_slices_lie_farther_apart_than_it_learnt(every_study: bool) -> None:
    rules = replace(RULES, every_study=every_study)
    asked = [rules.asks(0.2, threshold=0.3, slice_mm=slice_mm) for slice_mm in (0.6, 6.5, 6.6, 10.0)]
    assert asked == [True, True, False, False]


@given(
    edges=st.lists(SHARES, min_size=2, max_size=2, unique=True),
    ascending=st.lists(SHARES, min_size=3, max_size=3).map(sorted),
)
def test_no_study_becomes_normal_unasked_while_a_less_suspicious_one_is_asked(
    edges: list[float], ascending: list[float]
) -> None:
    low, high = sorted(edges)
    rules = ExpertRules(1.0, 0.0, (low, high), every_study=False, farthest_mm=6.5)
    less, more, threshold = ascending
    assume(more < threshold)
    assert rules.asks(more, threshold, slice_mm=1.0) or not rules.asks(less, threshold, slice_mm=1.0)


@pytest.mark.parametrize(
    "changed", [{"slope": 0.0}, {"farthest_mm": 0.0}, {"grey_zone": (0.4, 0.1)}, {"grey_zone": (-0.1, 0.5)}]
)
def test_rules_that_cannot_be_followed_are_refused(changed: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="grey zone"):
        replace(RULES, **changed)  # type: ignore[arg-type]


def test_a_card_with_rules_and_no_network_is_refused() -> None:
    with pytest.raises(InvalidModelCard, match="names no file"):
        replace(card_of(), expert3d=RULES)
    card = replace(card_of(), expert3d=RULES, file_hashes={"expert3d/1/model.onnx": "0" * 64})
    assert [one.model for one in card.contract.ensembles] == ["screening", "test_time", "expert"]


def test_the_highest_block_decides_on_the_classifiers_scale() -> None:
    some = blocks()
    logits = [-3.0] * len(some)
    logits[2] = 1.5
    opinion = ExpertOpinion.of(some, outputs(*logits), RULES)
    assert opinion.p == pytest.approx(1 / (1 + math.exp(-2.0)))
    voxel = np.add(some.origins[2], (1, 2, 3))
    assert opinion.position_lps_mm == pytest.approx(some.position_lps_mm(voxel))
    assert opinion.slice == some.slice_at(float(voxel[0]))


@pytest.mark.parametrize(
    ("logits", "peaks"),
    [
        (np.zeros(0, np.float32), np.zeros((0, 3), np.float32)),
        (np.full(1, np.nan, np.float32), np.zeros((1, 3), np.float32)),
        (np.zeros(1, np.float32), np.full((1, 3), BLOCK[0], np.float32)),
        (np.zeros(2, np.float32), np.zeros((1, 3), np.float32)),
    ],
)
def test_outputs_that_mean_nothing_are_a_fault(logits: np.ndarray, peaks: np.ndarray) -> None:
    with pytest.raises(EngineFault):
        ExpertOutputs(logits, peaks)


def test_an_opinion_raises_the_score_and_never_lowers_it() -> None:
    fusion = fusion_of(outputs_of())
    high, low = ExpertOpinion(0.9, 3, (0.0, 0.0, 0.0)), ExpertOpinion(0.0, 3, (0.0, 0.0, 0.0))
    assert fusion.with_expert(high, range(8)).score == 0.9
    assert fusion.with_expert(low, range(8)).score == fusion.score


def test_the_report_names_the_expert_only_where_it_was_asked() -> None:
    fusion, opinion = fusion_of(outputs_of()), ExpertOpinion(0.9, 3, (1.0, 2.0, 3.0))
    reports = [
        Report.analysed("study", eight_slices(), outputs_of(), one, card_of(), 1.0, {})
        for one in (fusion, fusion.with_expert(opinion, eight_slices().slice_indices))
    ]
    assert "expert3d" not in reports[0].to_json()["evidence"]
    expected = {"p": 0.9, "slice": 3, "position_lps_mm": [1.0, 2.0, 3.0]}
    assert reports[1].to_json()["evidence"]["expert3d"] == expected
    assert [one.verdict for one in reports] == [Verdict.NORMAL, Verdict.PATHOLOGY]


@given(high=st.integers(0, 7), place=st.integers(0, 23), p=SHARES)
def test_key_slice_and_box_are_of_what_decided(high: int, place: int, p: float) -> None:
    """The box of the slice networks is in no report whose score is the expert's, and the expert's place in no other."""
    prepared, errors = eight_slices(), np.full(8, 0.5, np.float32)
    errors[high] = 1.3
    outputs_ = outputs_of(reconstruction_error=errors)
    fusion = fusion_of(outputs_)
    joined = fusion.with_expert(ExpertOpinion(p, place, (0.0, 0.0, 0.0)), prepared.slice_indices)
    report = Report.analysed("study", prepared, outputs_, joined, card_of(), 1.0, {}).to_json()
    evidence, key = Evidence.of(prepared, outputs_, joined), report["evidence"]["key_slice"]["slice"]
    (stored,) = unpack(pack([evidence]))
    assert key == evidence.key_slice == stored.key_slice
    assert joined.by_expert is (p > fusion.score)
    if joined.by_expert:
        assert abs(key - place) == min(abs(index - place) for index in prepared.slice_indices)
        assert report["row"]["pathology_localization"] is report["evidence"]["localisation"] is None
    else:
        assert key == prepared.slice_indices[high]
        assert report["row"]["pathology_localization"] is not None

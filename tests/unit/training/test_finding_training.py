"""What slices teach about findings: targets, batches of twins, and the fit of the head."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from screening.contract import FINDINGS
from tests.unit.training.tiny_networks import write_slices
from training import painted_twins
from training.finding_batches import FindingBatch, FindingBatches
from training.finding_targets import (
    CERTAIN,
    NOT_LABELLED,
    OUTSIDE_THE_LUNGS,
    SOFT,
    finding_targets,
    known_findings,
)
from training.findings import STATE, DrawnViews, EncodedViews, fit_head, train_findings
from training.networks import Classifier, FindingsHead
from training.networks.findings_head import STATISTICS
from training.prepared_data import read_entries
from training.slice_cache import PreparationSettings, SliceCache, SliceRow, prepare_cache

NODULE, HERNIA = FINDINGS.index("Lung nodule"), FINDINGS.index("Hiatal hernia")
SCORES = tuple(1 / len(FINDINGS) for _ in FINDINGS)
ILL = SliceRow("one", "p", "s", 1, frozenset({"Lung nodule"}), SCORES, None)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> SliceCache:
    root = tmp_path_factory.mktemp("findings")
    return prepare_cache(read_entries([f"slices={write_slices(root / 'slices')}"]), PreparationSettings(64), root)


def test_a_label_is_certain_and_says_less_of_what_it_does_not_name() -> None:
    targets, weights = finding_targets(ILL)
    assert (targets[NODULE], weights[NODULE]) == (1.0, CERTAIN)
    lungs = [number for number, name in enumerate(FINDINGS) if name not in OUTSIDE_THE_LUNGS and number != NODULE]
    assert set(targets[lungs]) == {0.0}
    assert set(weights[lungs]) == {np.float32(NOT_LABELLED)}


def test_outside_the_lungs_only_the_scores_of_the_published_checkpoint_speak() -> None:
    targets, weights = finding_targets(ILL)
    assert targets[HERNIA] == pytest.approx(1 / 16)
    assert weights[HERNIA] == pytest.approx(SOFT)
    _, silent = finding_targets(replace(ILL, scores=()))
    assert silent[HERNIA] == 0.0


def test_a_normal_slice_has_no_finding_in_the_lungs_even_without_a_table() -> None:
    normal = replace(ILL, label=0, findings=None)
    targets, weights = finding_targets(normal)
    assert known_findings(normal) == frozenset()
    assert (targets[NODULE], weights[NODULE]) == (0.0, CERTAIN)


def test_a_slice_of_which_nothing_is_known_teaches_its_scores_alone() -> None:
    unknown = replace(ILL, label=None, findings=None)
    targets, weights = finding_targets(unknown)
    np.testing.assert_allclose(targets, SCORES)
    assert set(weights) == {np.float32(SOFT)}
    assert not finding_targets(replace(unknown, scores=()))[1].any()


def test_twins_differ_where_their_finding_is_and_say_which_it_is(
    cache: SliceCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(painted_twins, "with_neutral_change", lambda view, _mask, _random: view)
    batch = _drawn(cache, 16)
    plain, painted = batch.views[:4, 0], batch.views[4:8, 0]
    changed = (painted - plain).abs() > 0.05
    assert changed.any(dim=2).any(dim=1).all()
    assert (changed & ~batch.masks[:4, 0]).sum() < 0.2 * changed.sum()
    gained = batch.targets[4:8] - batch.targets[:4]
    assert (gained.amax(dim=1) > 0.5).all()
    assert (batch.weights[4:8] >= batch.weights[:4]).all()


def test_equal_seeds_draw_equal_batches(cache: SliceCache) -> None:
    first, second = _drawn(cache), _drawn(cache)
    assert all(torch.equal(getattr(first, name), getattr(second, name)) for name in vars(first))


def test_without_a_paintable_slice_a_batch_is_of_labelled_ones(cache: SliceCache) -> None:
    ill = replace(cache, rows=tuple(replace(row, label=1) for row in cache.rows))
    batch = _drawn(ill)
    assert batch.views.shape == (8, 1, 64, 64)
    assert (batch.weights.sum(dim=1) > 0).all()


def test_the_fit_is_the_minimum_and_equal_views_give_an_equal_head() -> None:
    encoded = _encoded()
    first, second = fit_head(encoded, FindingsHead()), fit_head(encoded, FindingsHead())
    assert all(
        torch.equal(*pair) for pair in zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    )
    probabilities = torch.sigmoid(first.logits(encoded.values))[:, NODULE]
    assert probabilities[encoded.targets[:, NODULE] == 1].min() > probabilities[encoded.targets[:, NODULE] == 0].max()


def test_what_has_no_weight_teaches_nothing() -> None:
    encoded = _encoded()
    silent = replace(encoded, weights=torch.where(torch.arange(16) == NODULE, 0.0, encoded.weights))
    assert fit_head(silent, FindingsHead()).linear.weight[NODULE].abs().max() == 0.0


def test_a_stopped_run_goes_on_and_gives_the_same_head(cache: SliceCache, tmp_path: Path) -> None:
    classifier, device = Classifier().eval(), torch.device("cpu")
    indices = list(range(len(cache)))
    whole = train_findings(cache, indices, DrawnViews(72, 64), tmp_path / "whole", classifier, device)
    stopped = tmp_path / "stopped"
    train_findings(cache, indices, DrawnViews(24, 64), stopped, classifier, device)
    resumed = train_findings(cache, indices, DrawnViews(72, 64), stopped, classifier, device)
    torch.testing.assert_close(resumed.linear.weight, whole.linear.weight)
    assert len(torch.load(stopped / STATE, weights_only=True)["batches"]) == 3


def test_another_encoder_starts_anew(cache: SliceCache, tmp_path: Path) -> None:
    indices, device = list(range(len(cache))), torch.device("cpu")
    first, second = (
        train_findings(cache, indices, DrawnViews(24, 64), tmp_path, Classifier().eval(), device) for _ in range(2)
    )
    assert first.encoder != second.encoder
    assert not torch.equal(first.get_buffer("centre"), second.get_buffer("centre"))


def _drawn(cache: SliceCache, count: int = 8) -> FindingBatch:
    rows = dict(enumerate(cache.rows))
    return FindingBatches(cache, rows).draw(count, 64, np.random.default_rng(3))


def _encoded() -> EncodedViews:
    """Forty views; the first statistics tell the nodule."""
    random = torch.Generator().manual_seed(1)
    values = torch.randn(40, STATISTICS, generator=random)
    targets = torch.zeros(40, len(FINDINGS))
    targets[::4, NODULE] = 1.0
    values[:, :50] += 3 * targets[:, NODULE, None]
    return EncodedViews(values, targets, torch.ones(40, len(FINDINGS)))

"""Changes of a study keep what it shows; stability counts flips of the verdict and nothing else."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.dicom.geometry import Geometry
from screening.results.verdict import Verdict
from training.served.decoded_volume import DecodedVolume
from training.served.exported_networks import ExportedNetworks
from training.served.served_study import serve
from training.served.stability import ChangedStudy, changed_studies, stability_lines
from training.served.study_changes import changes_of


def test_every_kind_of_change_is_there_as_often_as_it_can_be(volume: DecodedVolume) -> None:
    changes = list(changes_of(volume, [volume]))
    assert Counter(change.kind for change in changes) == {
        "half of the slices left out": 2,
        "slices 10 mm apart": 3,
        "one slice fewer at an end": 2,
        "another kernel of the scanner": 1,
        "simulated softer kernel": 1,
        "simulated sharper kernel": 1,
        "another seed of the noise view": 1,
    }
    assert all(change.volume.values.dtype == np.int16 for change in changes)


def test_simulated_kernels_change_the_noise_and_not_the_tissue(volume: DecodedVolume) -> None:
    # A kernel is finer than a phantom's pixel, so the pixels are taken for smaller ones.
    fine = replace(volume, geometry=Geometry(volume.geometry.shape, np.diag([0.8, 0.8, 3.1, 1.0]), (3.1, 0.8, 0.8)))
    middle = len(volume) // 2
    values = {
        change.kind: change.volume.values[middle].astype(float)
        for change in changes_of(fine)
        if len(change.volume) == len(volume)
    }
    noise = [
        float(np.abs(np.diff(values[kind], axis=1)).mean())
        for kind in ("simulated softer kernel", "another seed of the noise view", "simulated sharper kernel")
    ]
    assert noise[0] < noise[1] < noise[2]
    tissue = volume.values[middle] > -200
    for kind in ("simulated softer kernel", "simulated sharper kernel"):
        assert np.median(values[kind][tissue]) == pytest.approx(np.median(volume.values[middle][tissue]), abs=25)


def test_another_seed_changes_the_noise_view_and_no_plain_one(
    volume: DecodedVolume, networks: ExportedNetworks
) -> None:
    plain, other = serve(volume, networks), serve(volume, networks, other_noise=True)
    np.testing.assert_array_equal(plain.outputs.logits, other.outputs.logits)
    assert (plain.slice_logits != other.slice_logits).any()
    assert np.abs(plain.slice_logits - other.slice_logits).max() < 1.0


def test_a_change_that_serving_refuses_is_not_analysed(volume: DecodedVolume, networks: ExportedNetworks) -> None:
    plain = serve(volume, networks)
    empty = volume.with_values(np.full_like(volume.values, 40))
    pairs = list(changed_studies("phantom", 0, volume, [empty], networks, plain))
    refused = [pair for pair in pairs if pair.logit_after is None]
    assert [pair.kind for pair in refused] == ["another kernel of the scanner"]
    assert refused[0].after is Verdict.NOT_ANALYSED
    assert not refused[0].flipped


VERDICTS = st.sampled_from(Verdict)


@given(st.lists(st.tuples(VERDICTS, VERDICTS, st.floats(-5, 5)), min_size=1, max_size=60))
def test_flips_are_counted_as_a_slow_twin_counts_them(pairs: list[tuple[Verdict, Verdict, float]]) -> None:
    changed = [
        ChangedStudy(f"study {number % 3}", 0, f"kind {number % 2}", before, after, 1.0, {}, 1.0 + change)
        for number, (before, after, change) in enumerate(pairs)
    ]
    *_, total = stability_lines(changed)
    flips = sum((before, after) in {("normal", "pathology"), ("pathology", "normal")} for before, after, _ in pairs)
    assert total.kind == "all"
    assert total.pairs == len(pairs)
    assert total.flips.value == pytest.approx(flips / len(pairs))
    assert total.flips.low <= total.flips.value <= total.flips.high
    assert total.flips.low < total.flips.high  # never an interval without width
    assert total.logit_change == pytest.approx(max(abs(change) for _, _, change in pairs))

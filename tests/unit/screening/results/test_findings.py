from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from screening.contract import FINDINGS
from screening.results.findings import rank_findings


def softmax_of(*tops: tuple[int, float]) -> np.ndarray:
    """One slice for each (class, probability); the rest is shared by the others."""
    slices = np.empty((len(tops), len(FINDINGS)), np.float32)
    for row, (number, probability) in zip(slices, tops, strict=True):
        row[:] = (1 - probability) / (len(FINDINGS) - 1)
        row[number] = probability
    return slices


def test_most_slices_win_over_the_highest_probability() -> None:
    first = rank_findings(softmax_of((8, 0.4), (8, 0.4), (14, 0.99)))[0]
    assert (first.name, first.top_slices) == ("Lung nodule", 2)


def test_ties_go_to_the_higher_mean() -> None:
    assert rank_findings(softmax_of((8, 0.4), (14, 0.9)))[0].name == "Pleural effusion"


@given(arrays(np.float32, (5, len(FINDINGS)), elements=st.floats(0, 1, width=32)))
def test_against_a_simple_implementation(slices: np.ndarray) -> None:
    votes = Counter(row.index(max(row)) for row in slices.tolist())
    means = [sum(column) / 5 for column in zip(*slices.astype(float).tolist(), strict=True)]
    found = rank_findings(slices)
    assert {finding.name for finding in found} == set(FINDINGS)
    for finding in found:
        number = FINDINGS.index(finding.name)
        assert finding.top_slices == votes[number]
        np.testing.assert_allclose(finding.mean, means[number])
    assert found[0].top_slices == max(votes.values())

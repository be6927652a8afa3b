"""Studies composed of slices keep to one data set and to their class."""

import numpy as np

from training.composed_studies import compose
from training.slice_cache import Row


def test_normal_studies_hold_normal_slices_and_ill_ones_some_ill_slices() -> None:
    rows = [_row(dataset, label) for dataset in ("one", "two") for label in (0, 1) for _ in range(20)]
    rows += [_row("normal alone", 0)] * 5
    studies = compose(rows, range(len(rows)), slices=12, per_class=50)
    labels = np.array([row.label for row in rows])
    ill = labels[studies.members].sum(axis=1)
    assert studies.members.shape == (200, 12)
    assert set(studies.datasets.tolist()) == {"one", "two"}
    assert (ill[studies.labels == 0] == 0).all()
    assert ill[studies.labels == 1].min() == 2
    assert ill[studies.labels == 1].max() == 12
    for members, dataset in zip(studies.members, studies.datasets, strict=True):
        assert {rows[place].dataset for place in members} == {dataset}


def _row(dataset: str, label: int) -> Row:
    return Row(dataset, "patient", "study", label, None, (), None)

"""Studies composed of slices keep to one data set and to their class."""

import numpy as np

from training.composed_studies import compose_studies
from training.slice_cache import SliceRow


def test_normal_studies_have_normal_slices_and_pathological_ones_some_pathological_slices() -> None:
    rows = [_row(dataset, label) for dataset in ("one", "two") for label in (0, 1) for _ in range(20)]
    rows += [_row("normal alone", 0)] * 5
    studies = compose_studies(rows, range(len(rows)), slices=12, per_class=50)
    labels = np.array([row.label for row in rows])
    pathological = labels[studies.members].sum(axis=1)
    assert studies.members.shape == (200, 12)
    assert set(studies.datasets.tolist()) == {"one", "two"}
    assert (pathological[studies.labels == 0] == 0).all()
    assert pathological[studies.labels == 1].min() == 2
    assert pathological[studies.labels == 1].max() == 12
    for members, dataset in zip(studies.members, studies.datasets, strict=True):
        assert {rows[index].dataset for index in members} == {dataset}


def _row(dataset: str, label: int) -> SliceRow:
    return SliceRow(dataset, "patient", "study", label, None, (), None)

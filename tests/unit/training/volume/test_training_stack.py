"""A stack to train on holds all slices of the lungs, in HU, at 1 mm in the plane."""

from pathlib import Path

import numpy as np

from screening.phantom.phantom_anatomy import HEIGHT_MM
from screening.phantom.phantom_study import write_phantom
from training.datasets.entry import Entry
from training.volume.training_stack import stack_of, training_stacks


def entry_of(folder: Path, label: int | None) -> Entry:
    path = write_phantom(folder / f"study-{label}.zip", slices=24, size=128)
    return Entry("phantoms", f"patient-{label}", f"study-{label}", path, "study", label)


def test_a_normal_study_becomes_a_stack_in_hu(tmp_path: Path) -> None:
    made = stack_of(entry_of(tmp_path, 0))
    values, lungs = made.stack.values, made.stack.lungs
    assert values.shape == lungs.shape == made.lesions.shape
    assert values.dtype == np.int16
    assert np.median(values[lungs]) < -700
    assert made.stack.spacing_mm[1:] == (1.0, 1.0)
    assert HEIGHT_MM / 3 < made.heights_mm[-1] - made.heights_mm[0] <= HEIGHT_MM
    assert made.trust == 1.0
    assert not made.lesions.any()


def test_held_out_sets_and_patients_are_not_trained_on(tmp_path: Path) -> None:
    entries = [entry_of(tmp_path, 0), entry_of(tmp_path, None)]
    assert training_stacks(entries, ["phantoms"]) == []
    (kept,) = training_stacks(entries, ["patient-0"])
    assert kept.trust < 0.4

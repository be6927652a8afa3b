"""Every reader of whole studies opens them in one way, and reads marked lesions in one way."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from screening.errors import StudyError
from screening.phantom.phantom_study import write_phantom
from screening.series.series_choice import ranked
from training.datasets.entry import Entry
from training.opened_study import opened_study
from training.served.evaluation_volumes import ChosenEntry, opened
from training.slice_preparation import prepare_entry
from training.surveyed_volume import Unusable
from training.volume.held_out_volumes import held_out_volumes
from training.volume.training_stack import stack_of

SIZE = 128


def read_for_evaluation(entry: Entry) -> None:
    with opened(ChosenEntry(entry, trained=False)):
        pass


READERS: dict[str, Callable[[Entry], object]] = {
    "slices": lambda entry: list(prepare_entry(entry, 64, 8.0)),
    "evaluation": read_for_evaluation,
    "held out": lambda entry: list(held_out_volumes([entry], [], ["patient"])),
    "stack": stack_of,
}


@pytest.fixture
def entry(tmp_path: Path) -> Entry:
    path = write_phantom(tmp_path / "study", slices=24, size=SIZE)
    return Entry("phantoms", "patient", "study", path, "study", 0)


def test_its_files_stay_until_the_end_of_the_block(tmp_path: Path) -> None:
    path = write_phantom(tmp_path / "study.zip", slices=24, size=SIZE)
    with opened_study(Entry("phantoms", "patient", "study", path, "study", 0)) as study:
        assert len(ranked(study).volumes[0].hu(0)) == SIZE


@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_study_is_refused_by_every_reader(reader: str, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no image")
    with pytest.raises((StudyError, Unusable)):
        READERS[reader](Entry("phantoms", "patient", "study", tmp_path / "text", "study", 0))


@pytest.mark.parametrize("reader", ["slices", "evaluation", "stack"])
def test_a_mask_of_another_size_is_refused_by_every_reader(reader: str, entry: Entry, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "mask.png"), np.zeros((SIZE, SIZE // 2), np.uint8))
    masks = {path.name: tmp_path / "mask.png" for path in entry.path.rglob("*") if path.is_file()}
    with pytest.raises(Unusable, match=r"mask mask\.png"):
        READERS[reader](replace(entry, lesion_masks=masks))

"""Whole chests of published slices become studies that serving's code surveys, with domes and heights."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from screening.phantom.phantom_anatomy import Chest
from training.datasets.grey_stacks import LEAST_SLICES, grey_stacks_with_manifest
from training.grey_stack import ASSUMED_STEP_MM
from training.slice_preparation import prepare_entry
from training.surveyed_volume import Unusable


@pytest.fixture(scope="module")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chest, a run too short to be one, and a stack without lung."""
    root = tmp_path_factory.mktemp("stacks")
    rows = []
    chest = Chest(seed=3, nodule=False, effusion=False)
    drawn = [np.clip((chest.hu(ASSUMED_STEP_MM * 3 * n, 128) + 1350.0) / 1500 * 255, 0, 255) for n in range(34)]
    for group, count in (("chest", 100), ("run", LEAST_SLICES - 1), ("blank", LEAST_SLICES)):
        for number in range(count):
            slice_ = drawn[number // 3] if group == "chest" else np.full((128, 128), 200.0)
            cv2.imwrite(str(root / f"{group}_{number:03}.png"), slice_.astype(np.uint8))
            rows.append(f"{group}_{number:03}.png,set,normal,0,{group}")
    (root / "manifest.csv").write_text("path,dataset,label,abnormal,group\n" + "\n".join(rows) + "\n")
    return root


def test_long_groups_are_stacks(stacks: Path) -> None:
    chest, blank = grey_stacks_with_manifest(stacks)
    assert (chest.kind, chest.patient, chest.label, chest.dataset) == ("grey_stack", "chest", 0, "set_stacks")
    assert [path.name for path in chest.slice_files] == [f"chest_{number:03}.png" for number in range(100)]
    assert blank.patient == "blank"


def test_a_stack_is_prepared_as_a_study(stacks: Path) -> None:
    chest, blank = grey_stacks_with_manifest(stacks)
    slices = list(prepare_entry(chest, 64, 8.0))
    heights = [slice_.height_mm or 0.0 for slice_ in slices]
    assert heights == sorted(heights)
    assert max(np.diff(heights)) <= 8.0 + 1e-6
    assert 150 < heights[-1] - heights[0] < 250
    lungs, counted = (sum(int(getattr(one, name)[0].sum()) for one in slices) for name in ("masks", "counted"))
    assert 0.5 * lungs < counted < lungs  # domes are known, as in serving
    assert {slice_.label for slice_ in slices} == {0}
    with pytest.raises(Unusable, match="no slice of the stack shows lung"):
        list(prepare_entry(blank, 64, 8.0))

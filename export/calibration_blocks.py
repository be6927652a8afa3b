"""Blocks for INT8 calibration and parity of the 3D expert: whole studies, prepared as in serving."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from export.calibration_views import VIEW_SPACING_MM
from export.errors import InvalidViews
from screening.block_preparation import prepare_blocks
from screening.blocks.tiling import LungBlocks
from screening.intake.budgets import Budgets
from screening.phantom.phantom_study import write_phantom
from screening.preparation import prepare, survey
from screening.series.studies import Study

IMAGE_SIZE: Final = 64  # of the views, which are not used here
PHANTOM_SLICES: Final = 96  # as close as slices lie for which the expert is asked


@dataclass(frozen=True)
class CalibrationBlocks:
    """`blocks` and `masks`, uint8 [N, 1, *BLOCK]; `studies` [N]: number of each block's study."""

    blocks: NDArray[np.uint8] = field(repr=False)
    masks: NDArray[np.uint8] = field(repr=False)
    studies: NDArray[np.int64] = field(repr=False)

    def batches(self, size: int) -> list[dict[str, NDArray[np.uint8]]]:
        """Inputs of at most `size` blocks each, by the contract's tensor names."""
        starts = range(0, len(self.blocks), size)
        return [
            {"block": self.blocks[start : start + size], "block_mask": self.masks[start : start + size]}
            for start in starts
        ]

    @classmethod
    def from_studies(cls, paths: Sequence[Path]) -> Self:
        """The blocks of every study at these paths (zip, folder, DICOM, NIfTI); raises InvalidViews or a StudyError."""
        found = [blocks for path in paths for blocks in _blocks_of(path)]
        if not found:
            raise InvalidViews("no study at the given paths could be prepared for the 3D expert")
        return cls(
            np.concatenate([one.blocks for one in found]),
            np.concatenate([one.masks for one in found]),
            np.repeat(np.arange(len(found)), [len(one) for one in found]),
        )

    @classmethod
    def synthetic(cls) -> Self:
        """A phantom with a nodule and one without, for use without real studies."""
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / name for name in ("nodule", "none")]
            for path in paths:
                write_phantom(path, slices=PHANTOM_SLICES, size=256, nodule=path.name == "nodule")
            return cls.from_studies(paths)


def _blocks_of(path: Path) -> Iterator[LungBlocks]:
    with tempfile.TemporaryDirectory() as scratch:
        for study in survey(path, Path(scratch), Budgets()).studies:
            if isinstance(study, Study):
                yield prepare_blocks(study, prepare(study, IMAGE_SIZE, VIEW_SPACING_MM).chosen)

"""Views for INT8 calibration and parity measurements: slices prepared as in serving."""

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from export.errors import InvalidViews
from screening.contract import Contract
from screening.intake.budgets import Budgets
from screening.phantom.phantom_study import write_phantom
from screening.preparation import PreparedStudy, prepare, survey
from screening.series.studies import Study

VIEW_SPACING_MM: Final = 5.0
PHANTOM_SLICES: Final = 48
SYNTHETIC_STUDIES: Final = 2


@dataclass(frozen=True)
class CalibrationViews:
    """`views` and `lung_masks` uint8 [N, 1, H, W], `studies` [N]: number of each slice's study."""

    views: NDArray[np.uint8]
    lung_masks: NDArray[np.uint8]
    studies: NDArray[np.int64]

    def __post_init__(self) -> None:
        contract = Contract(self.image_size, 1, 1)
        if self.views.shape[1:] != contract.view.shape or self.views.dtype != np.uint8:
            raise InvalidViews(f"views are {self.views.dtype} {self.views.shape[1:]}, not uint8 {contract.view.shape}")
        if self.lung_masks.shape[1:] != contract.lung_mask.shape or self.lung_masks.dtype != np.uint8:
            raise InvalidViews(f"lung masks are {self.lung_masks.dtype} {self.lung_masks.shape[1:]}")
        if not len(self.views) == len(self.lung_masks) == len(self.studies) > 0:
            raise InvalidViews("views, lung masks and studies must have equal lengths, at least 1")

    def __len__(self) -> int:
        return len(self.views)

    @property
    def image_size(self) -> int:
        return int(self.views.shape[-1])

    @property
    def sha256(self) -> str:
        digest = hashlib.sha256()
        for array in (self.views, self.lung_masks, self.studies):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def batches(self, size: int) -> list[dict[str, NDArray[np.uint8]]]:
        """Inputs of at most `size` slices each, by the contract's tensor names."""
        starts = range(0, len(self), size)
        return [
            {"view": self.views[start : start + size], "lung_mask": self.lung_masks[start : start + size]}
            for start in starts
        ]

    @classmethod
    def from_npz(cls, path: Path) -> Self:
        """Read the three arrays of an npz file; raises InvalidViews."""
        with np.load(path) as arrays:
            missing = {"views", "lung_masks", "studies"} - set(arrays)
            if missing:
                raise InvalidViews(f"{path.name} lacks {', '.join(sorted(missing))}")
            return cls(arrays["views"], arrays["lung_masks"], arrays["studies"].astype(np.int64))

    @classmethod
    def from_studies(cls, paths: Sequence[Path], image_size: int) -> Self:
        """Prepare every study at these paths (zip, folder, DICOM, NIfTI) as in serving; raises InvalidViews."""
        prepared = [study for path in paths for study in _prepared(path, image_size)]
        if not prepared:
            raise InvalidViews("no study at the given paths could be prepared")
        counts = [len(study.views) for study in prepared]
        return cls(
            np.concatenate([study.views for study in prepared]),
            np.concatenate([study.lung_masks for study in prepared]),
            np.repeat(np.arange(len(prepared)), counts),
        )

    @classmethod
    def synthetic(cls, image_size: int) -> Self:
        """Phantom studies with and without a nodule, for use without real studies."""
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / str(seed) for seed in range(SYNTHETIC_STUDIES)]
            for seed, path in enumerate(paths):
                write_phantom(path, slices=PHANTOM_SLICES, size=256, seed=seed, nodule=bool(seed % 2))
            return cls.from_studies(paths, image_size)


def _prepared(path: Path, image_size: int) -> list[PreparedStudy]:
    with tempfile.TemporaryDirectory() as scratch:
        found = survey(path, Path(scratch), Budgets())
        studies = [study for study in found.studies if isinstance(study, Study)]
        return [prepare(study, image_size, VIEW_SPACING_MM) for study in studies]

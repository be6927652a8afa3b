"""Parity: differences between the outputs of an exported form and of the torch modules, and their limits."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from export.calibration_views import CalibrationViews
from export.errors import ParityBroken
from export.runners import Outputs
from screening.results.calibration import probability
from screening.results.fusion import NOT_AUGMENTED, SliceOutputs, fuse
from screening.results.model_card import ModelCard

Form = Literal["fp32", "fp16", "int8", "triton"]


@dataclass(frozen=True)
class Difference:
    """Absolute differences of one output over all slices, in the output's own unit."""

    largest: float
    mean: float


@dataclass(frozen=True)
class Parity:
    """Differences by output, and the slices and studies that flip: whose verdict differs."""

    differences: Mapping[str, Difference]
    slices: int
    slice_flips: int
    studies: int
    verdict_flips: int

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "slice_flip_rate": self.slice_flips / self.slices}


@dataclass(frozen=True)
class Tolerance:
    """Limits by output, and of the fraction of slices that flip; the latter applies to trained weights only."""

    differences: Mapping[str, Difference]
    slice_flip_rate: float


_FP32: Final = {
    "logit": Difference(1e-3, 1e-4),
    "activation": Difference(5e-3, 5e-4),
    "reconstruction_error": Difference(1e-4, 1e-5),
    "error_map": Difference(1e-3, 1e-4),
    "findings": Difference(1e-3, 1e-4),
}

# Limits that detect a broken calibration; the effect of INT8 on trained weights is limited by the flips. Random weights
# are the worst case: their mean difference is 0.5, that of trained weights 0.03 (largest 0.2).
_INT8: Final = {
    **_FP32,
    "logit": Difference(2.0, 0.8),
    "activation": Difference(20.0, 3.0),
    "findings": Difference(0.35, 0.03),
}

# Those of random weights are a fifth of it.
_FP16: Final = {
    "logit": Difference(2e-1, 8e-2),
    "activation": Difference(1.0, 1e-1),
    "reconstruction_error": Difference(2e-3, 6e-4),
    "error_map": Difference(1e-2, 2e-3),
    "findings": Difference(2e-2, 2e-3),
}

TOLERANCES: Final[Mapping[Form, Tolerance]] = {
    "fp32": Tolerance(_FP32, slice_flip_rate=0.001),
    "fp16": Tolerance(_FP16, slice_flip_rate=0.002),
    "int8": Tolerance(_INT8, slice_flip_rate=0.01),
    "triton": Tolerance(_FP32, slice_flip_rate=0.001),
}


def measure(reference: Outputs, candidate: Outputs, views: CalibrationViews, card: ModelCard) -> Parity:
    """Compare outputs for the same views; each view counts as a slice of its study."""
    differences = {name: _difference(reference[name], candidate[name]) for name in reference}
    expected, found = (_decisions(outputs, views, card) for outputs in (reference, candidate))
    return Parity(
        differences=differences,
        slices=len(views),
        slice_flips=int((expected[0] != found[0]).sum()),
        studies=len(expected[1]),
        verdict_flips=int((expected[1] != found[1]).sum()),
    )


def enforce(parity: Parity, form: Form, trained: bool) -> None:
    """Raise `ParityBroken`, with every limit that is exceeded."""
    tolerance = TOLERANCES[form]
    broken = [
        f"{name} differs by {found.largest:.2g} (mean {found.mean:.2g}); limit {limit.largest:g} (mean {limit.mean:g})"
        for name, limit in tolerance.differences.items()
        if not ((found := parity.differences[name]).largest <= limit.largest and found.mean <= limit.mean)
    ]
    if trained and parity.slice_flips > tolerance.slice_flip_rate * parity.slices:
        broken.append(f"{parity.slice_flips} of {parity.slices} slices flip")
    if broken:
        raise ParityBroken(f"{form}: {'; '.join(broken)}")


def _difference(reference: NDArray[np.float32], candidate: NDArray[np.float32]) -> Difference:
    absolute = np.abs(reference.astype(np.float64) - candidate)
    return Difference(largest=_short(absolute.max()), mean=_short(absolute.mean()))


def _short(value: float) -> float:
    """Rounded to three significant digits: the fourth differs between runs, since sums are threaded."""
    return float(f"{value:.3g}")


def _decisions(
    outputs: Outputs, views: CalibrationViews, card: ModelCard
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether every slice, and every study, is pathology."""
    of_slices = np.zeros(len(views), dtype=np.bool_)
    of_studies = []
    lung_shares = views.lung_masks.mean(axis=(1, 2, 3), dtype=np.float64)
    for study in np.unique(views.studies):
        rows = views.studies == study
        extents_mm = [card.view_spacing_mm] * int(rows.sum())
        fusion = fuse(_rows(outputs, rows), NOT_AUGMENTED, lung_shares[rows], extents_mm, card.fusion)
        of_slices[rows] = [_is_pathology(score, card) for score in fusion.slice_scores]
        of_studies.append(_is_pathology(fusion.score, card))
    return of_slices, np.array(of_studies)


def _rows(outputs: Outputs, rows: NDArray[np.bool_]) -> SliceOutputs:
    return SliceOutputs.of_tensors({name: array[rows] for name, array in outputs.items()})


def _is_pathology(score: float, card: ModelCard) -> bool:
    return not probability(score, card.calibration) < card.operating_point.threshold

"""How far a served form of the networks strays from the torch modules, and how far it may."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from export.runners import Outputs
from screening.calibration import probability
from screening.fusion import SliceOutputs, fuse
from screening.model_card import ModelCard

Form = Literal["fp32", "int8", "triton"]


class ParityBroken(Exception):
    """A served form strays further from the torch modules than is tolerated."""


@dataclass(frozen=True)
class Difference:
    """Absolute differences of one output over all slices, in the output's own unit."""

    largest: float
    mean: float


@dataclass(frozen=True)
class Parity:
    """Differences by output, and what they do: slices and studies that fall on the other side of the threshold."""

    differences: Mapping[str, Difference]
    slices: int
    slice_flips: int
    studies: int
    verdict_flips: int

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "slice_flip_rate": self.slice_flips / self.slices}


@dataclass(frozen=True)
class Tolerance:
    """Limits by output, and on the share of slices that may flip. The limit on flips binds trained weights only."""

    differences: Mapping[str, Difference]
    slice_flip_rate: float


_FP32: Final = {
    "logits": Difference(1e-3, 1e-4),
    "activation": Difference(5e-3, 5e-4),
    "reconstruction_error": Difference(1e-4, 1e-5),
    "error_map": Difference(1e-3, 1e-4),
    "findings": Difference(1e-3, 1e-4),
}

# Logits move the decision through a sigmoid: 0.25 moves a probability by 0.06 at most.
_INT8: Final = {**_FP32, "logits": Difference(1.5, 0.25), "activation": Difference(15.0, 2.0)}

TOLERANCES: Final[Mapping[Form, Tolerance]] = {
    "fp32": Tolerance(_FP32, slice_flip_rate=0.001),
    "int8": Tolerance(_INT8, slice_flip_rate=0.01),
    "triton": Tolerance(_FP32, slice_flip_rate=0.001),
}


def measure(reference: Outputs, candidate: Outputs, studies: NDArray[np.int64], card: ModelCard) -> Parity:
    """Compare two runs over the same slices; `studies` says which study each slice is of."""
    differences = {name: _difference(reference[name], candidate[name]) for name in reference}
    expected, found = (_decisions(outputs, studies, card) for outputs in (reference, candidate))
    return Parity(
        differences=differences,
        slices=len(studies),
        slice_flips=int((expected[0] != found[0]).sum()),
        studies=len(expected[1]),
        verdict_flips=int((expected[1] != found[1]).sum()),
    )


def enforce(parity: Parity, form: Form, trained: bool) -> None:
    """Raise `ParityBroken` that names every limit that is passed."""
    tolerance = TOLERANCES[form]
    broken = [
        f"{name} strays by {found.largest:.2g} (mean {found.mean:.2g}) of {limit.largest:g} (mean {limit.mean:g})"
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
    """Three significant digits: the fourth differs from run to run of a threaded sum."""
    return float(f"{value:.3g}")


def _decisions(
    outputs: Outputs, studies: NDArray[np.int64], card: ModelCard
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Pathology or not: of every slice, of every study."""
    of_slices = np.zeros(len(studies), dtype=np.bool_)
    of_studies = []
    for study in np.unique(studies):
        rows = studies == study
        fusion = fuse(SliceOutputs(**{name: array[rows] for name, array in outputs.items()}), card.error_range)
        of_slices[rows] = [_pathology(score, card) for score in fusion.slice_scores]
        of_studies.append(_pathology(fusion.score, card))
    return of_slices, np.array(of_studies)


def _pathology(score: float, card: ModelCard) -> bool:
    return probability(score, card.calibration) >= card.operating_point.threshold

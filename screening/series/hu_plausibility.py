"""Whether the values of a series are Hounsfield units: asked before lungs are looked for, for all rules are in HU.

Air is -1000 HU, lung -950 to -700, fat -100, soft tissue 0 to 80, with contrast to 200 (PS3.3 C.11.1.1.2: HU). Any
slice of a trunk, neck or head shows air and soft tissue; values that were shifted, scaled or windowed do not.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from screening.dicom.decoding import StoredValues, stored_values
from screening.dicom.hu import AIR_HU, not_numbers, padding_of, rescaled
from screening.errors import NotHounsfield
from screening.series.hu_explanation import ALL_PIXELS, Values, explained
from screening.series.volume import Volume

_EVERY = 3  # pixels of a row and rows that are counted: 0.05 ms a slice of 512 x 512
# 226 slices of normal001, cap001, lung_dx, 54 patients of siim and 5 of qin: soft tissue 12 to 70 % of the pixels, air
# and lung 21 to 76 %, soft tissue at least 2.1 times of what lies between lung and fat, and 72 % of it and all above.
_LEAST_SOFT = 0.03
_LEAST_AIR = (
    0.02  # scanners that write -1024 for all air outside leave the lungs: 12 % at least; airways alone are 1.4 %
)
_DARKEST_AIR = -800  # HU that some of the air must reach: airways and air outside do in any patient
_LEAST_SOFT_OF_DENSE = 0.4
_LEAST_SOFT_TO_BETWEEN = 1.0  # more would refuse lungs full of ground glass, which lie between
_DROP = 0.25  # of both neighbours: a slice that has less soft tissue, or less air, than a quarter of theirs
_SEEN_IN_NEIGHBOURS = 0.08

Hu = NDArray[np.int16]


@dataclass(frozen=True)
class Shares:
    """What share of the pixels is air or lung, soft tissue or fat, between lung and fat, and denser than 200 HU.

    `darkest_air` is the HU that 1 % of what is air or lung does not exceed; +inf where there is none.
    """

    air: float
    darkest_air: float
    soft: float
    between: float
    dense: float

    @classmethod
    def of(cls, slices: Sequence[Hu]) -> "Shares":
        """The shares over slices [rows, columns]; -1024 alone is no air, for padding and clipped values lie there."""
        counted = np.concatenate([hu[::_EVERY, ::_EVERY].ravel() for hu in slices])
        # Counted by comparisons: np.histogram sorts the pixels, which was a twentieth of the time of reading a study.
        reaching = [int(np.count_nonzero(counted >= hu)) for hu in (AIR_HU + 1, -699, -650, -200, 201)]
        air, _, between, soft = (more - fewer for more, fewer in pairwise(reaching))
        dark = counted[(counted > AIR_HU) & (counted < -699)]
        darkest = float(np.percentile(dark, 1)) if dark.size else np.inf
        size = counted.size
        return cls(air / size, darkest, soft / size, between / size, reaching[-1] / size)

    @property
    def plausible(self) -> bool:
        """Whether Hounsfield units of a body may lie so."""
        return (
            self.air >= _LEAST_AIR
            and self.darkest_air <= _DARKEST_AIR
            and self.soft >= _LEAST_SOFT
            and self.soft >= _LEAST_SOFT_TO_BETWEEN * self.between
            and self.soft >= _LEAST_SOFT_OF_DENSE * (self.soft + self.dense)
        )


def check_hounsfield(volume: Volume, decoded: Mapping[int, Hu]) -> tuple[str, ...]:
    """Warnings on the values of a series, of which some slices are `decoded` (HU by index).

    Raises NotHounsfield, with the element that is wrong where one can be named. Slices of one value are passed over;
    a series of nothing else says nothing here.
    """
    taken = {index: volume.hu(index) for index in _with_taken_rescale(volume) if index not in decoded}
    slices = {index: hu for index, hu in sorted({**taken, **decoded}.items()) if hu.min() < hu.max()}
    if not slices:
        _check_blank(volume, sorted(decoded))
        return ()
    if not Shares.of(list(slices.values())).plausible:
        raise NotHounsfield(explained(_values(volume, list(slices))))
    odd = list(_unlike_neighbours(slices))
    if odd:
        raise NotHounsfield(
            f"{len(odd)} of {len(slices)} slices looked at hold no Hounsfield units, while their neighbours do: "
            "Rescale Slope or Intercept is wrong in them. Send the original images."
        )
    return tuple(_warnings(volume, list(slices)))


def _with_taken_rescale(volume: Volume) -> Iterator[int]:
    """The slices whose rescale is that of others: each of them must look like its neighbours."""
    return (index for index, header in enumerate(volume.slices) if header.rescale.taken)


def _check_blank(volume: Volume, indices: Sequence[int]) -> None:
    """Raise NotHounsfield where the slices are of one value because all of it is padding, or no number."""
    values = _values(volume, indices)
    if values.padding >= ALL_PIXELS or math.isnan(values.low):
        raise NotHounsfield(explained(values))


def _unlike_neighbours(slices: Mapping[int, Hu]) -> Iterator[int]:
    shares = {index: Shares.of([hu]) for index, hu in slices.items()}
    order = list(shares)
    for below, index, above in zip(order, order[1:], order[2:], strict=False):
        for kind in ("air", "soft"):
            least = min(getattr(shares[below], kind), getattr(shares[above], kind))
            if least >= _SEEN_IN_NEIGHBOURS and getattr(shares[index], kind) < _DROP * least:
                yield index
                break


def _values(volume: Volume, indices: Sequence[int]) -> Values:
    """The values of at most five of the slices as they are stored, for the words of a refusal."""
    some = [indices[place] for place in np.unique(np.linspace(0, len(indices) - 1, 5).round().astype(int))]
    headers = [volume.slices[index] for index in some]
    stored = [stored_values(header) for header in headers]
    padding = [
        float(np.mean(_padded(one, header.rescale.padding))) for one, header in zip(stored, headers, strict=True)
    ]
    hus = [rescaled(one, header.rescale) for one, header in zip(stored, headers, strict=True)]
    finite = np.concatenate([hu[np.isfinite(hu)][::_EVERY] for hu in hus])
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (np.nan, np.nan)
    return Values(headers[0], low, high, min(padding))


def _padded(stored: StoredValues, span: tuple[int, int] | None) -> NDArray[np.bool_]:
    return padding_of(stored, span) if span else np.zeros(stored.shape, np.bool_)


def _warnings(volume: Volume, indices: Sequence[int]) -> Iterator[str]:
    header = volume.slices[indices[len(indices) // 2]]
    if not header.rescale.stated:
        yield (
            "Rescale Slope and Intercept are missing; the values are taken as Hounsfield units, "
            "for air and soft tissue lie where they should."
        )
    if not_numbers(stored_values(header)).any():
        yield "Pixels outside the scan hold no number (NaN); they are taken for air."

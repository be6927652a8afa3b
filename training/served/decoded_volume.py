"""A series in memory: every slice decoded once, so that hundreds of changed studies can be made of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from screening.lungs.lung_mask import lung_mask
from screening.series.volume import Volume

Hu = NDArray[np.int16]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class DecodedVolume(Volume):
    """A volume whose HU are `values` [slices, rows, columns], not those of its files."""

    values: Hu = field(repr=False)

    @classmethod
    def read(cls, volume: Volume) -> Self:
        """Decode all slices; raises a PixelError."""
        return cls._of(volume, np.stack([volume.hu(index) for index in range(len(volume))]))

    @classmethod
    def _of(cls, volume: Volume, values: Hu) -> Self:
        return cls(volume.study_uid, volume.series_uid, volume.slices, volume.geometry, volume.warnings, values)

    def hu(self, index: int) -> Hu:
        """HU of one slice [rows, columns]."""
        return np.asarray(self.values[index])

    def with_values(self, values: Hu) -> Self:
        """The same slices with other HU."""
        if values.shape != self.values.shape or values.dtype != np.int16:
            raise ValueError(f"{values.dtype} {values.shape} are no HU for slices of {self.values.shape}")
        return replace(self, values=values)

    def only(self, indices: Sequence[int]) -> Self:
        """A volume of these slices alone, in ascending order; raises a GeometryError where they are too few."""
        chosen = list(indices)
        return self._of(Volume.of([self.slices[index] for index in chosen]), self.values[chosen])

    def lung_masks(self) -> Bools:
        """The lung mask of every slice [slices, rows, columns]."""
        spacing_mm = self.geometry.spacing_mm[1:]
        return np.stack([lung_mask(hu, spacing_mm) for hu in self.values])

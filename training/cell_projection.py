"""Cells of feature maps -> their principal components, so that a map of 2,048 channels is small enough to keep.

Each component is divided by the root of its deviation: undivided, a few would decide a distance alone; divided by all
of it, noise would count as much as they do.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Halves = NDArray[np.float16]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class CellProjection:
    """Cells [..., C] -> principal components [..., K]; `mean` [C], `basis` [C, K]."""

    mean: Floats
    basis: Floats

    @classmethod
    def fit(cls, maps: Halves, components: int) -> Self:
        """Of maps [N, C, h, w]; the components have the roots of their deviations as deviations."""
        cells = np.moveaxis(maps, 1, -1).reshape(-1, maps.shape[1]).astype(np.float32)
        mean = cells.mean(axis=0)
        values, vectors = np.linalg.eigh(np.cov(cells - mean, rowvar=False))
        kept = slice(None, -components - 1, -1)
        return cls(mean, (vectors[:, kept] / np.maximum(values[kept], 1e-12) ** 0.25).astype(np.float32))

    def __call__(self, maps: Halves) -> Halves:
        """Maps [N, C, h, w] -> [N, K, h, w]."""
        cells = (np.moveaxis(maps, 1, -1).astype(np.float32) - self.mean) @ self.basis
        return np.ascontiguousarray(np.moveaxis(cells, -1, 1), np.float16)

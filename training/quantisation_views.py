"""Views for `turnstile export --calibration`: training slices of every data set, prepared as in serving."""

from collections import defaultdict
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from screening.contract import VIEWS
from screening.preparation import augmented_rows
from training.slice_cache import SliceCache

SLICES_PER_STUDY: Final = 12


def write_views(cache: SliceCache, indices: list[int], count: int, path: Path, seed: int = 0) -> int:
    """Write a view and the mask of `count` of these slices, equally many of each data set, in studies of twelve.

    The test-time views take turns, so that INT8 ranges hold for all of them.

    Returns the number of slices written.
    """
    random = np.random.default_rng(seed)
    pools: dict[str, list[int]] = defaultdict(list)
    for index in indices:
        pools[cache.rows[index].dataset].append(index)
    share = count // len(pools)
    drawn = [random.choice(pool, min(share, len(pool)), replace=False) for _, pool in sorted(pools.items())]
    chosen = np.concatenate(drawn)
    rows = [_row(cache, int(index), number % len(VIEWS)) for number, index in enumerate(chosen)]
    np.savez_compressed(
        path,
        views=np.stack([view for view, _ in rows]),
        lung_masks=np.stack([mask for _, mask in rows]),
        studies=np.arange(len(chosen)) // SLICES_PER_STUDY,
    )
    return len(chosen)


def _row(cache: SliceCache, index: int, view: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """View number `view` of a slice and its mask, [1, H, W] each."""
    plain, mask = (np.array(array[index, :1])[np.newaxis] for array in (cache.views, cache.counted))
    if view == 0:
        return plain[0], mask[0]
    views, masks = augmented_rows(plain, mask)
    return views[view - 1], masks[view - 1]

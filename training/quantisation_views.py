"""Views for `turnstile export --calibration`: training slices of every data set, prepared as in serving."""

from collections import defaultdict
from pathlib import Path
from typing import Final

import numpy as np

from screening.views import make_views
from training.slice_cache import SliceCache

SLICES_PER_STUDY: Final = 12


def write_views(cache: SliceCache, indices: list[int], count: int, path: Path, seed: int = 0) -> int:
    """Write views and lung masks of `count` of these slices, equally many of each data set, in studies of twelve.

    Returns the number of slices written.
    """
    random = np.random.default_rng(seed)
    pools: dict[str, list[int]] = defaultdict(list)
    for index in indices:
        pools[cache.rows[index].dataset].append(index)
    share = count // len(pools)
    drawn = [random.choice(pool, min(share, len(pool)), replace=False) for _, pool in sorted(pools.items())]
    chosen = np.concatenate(drawn)
    np.savez_compressed(
        path,
        views=np.stack([make_views(np.asarray(cache.views[index, 0])) for index in chosen]),
        lung_masks=np.stack([cache.masks[index, :1] for index in chosen]),
        studies=np.arange(len(chosen)) // SLICES_PER_STUDY,
    )
    return len(chosen)

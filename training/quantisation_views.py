"""Views for `turnstile export --calibration`: training slices of every data set, as serving would send them."""

from collections import defaultdict
from pathlib import Path
from typing import Final

import numpy as np

from screening.views import make_views
from training.slice_cache import Cache

SLICES_PER_STUDY: Final = 12


def write_views(cache: Cache, places: list[int], count: int, path: Path, seed: int = 0) -> int:
    """Draw `count` of these slices, as many of each data set, and write views, lung masks and studies of twelve."""
    random = np.random.default_rng(seed)
    pools: dict[str, list[int]] = defaultdict(list)
    for place in places:
        pools[cache.rows[place].dataset].append(place)
    share = count // len(pools)
    drawn = [random.choice(pool, min(share, len(pool)), replace=False) for _, pool in sorted(pools.items())]
    chosen = np.concatenate(drawn)
    np.savez_compressed(
        path,
        views=np.stack([make_views(np.asarray(cache.looks[place, 0])) for place in chosen]),
        lung_masks=np.stack([cache.masks[place, :1] for place in chosen]),
        studies=np.arange(len(chosen)) // SLICES_PER_STUDY,
    )
    return len(chosen)

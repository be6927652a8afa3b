"""Features of the teacher for prepared slices, on disk: what `turnstile train distil` teaches.

A row belongs to the bytes of a view, not to its place in a cache: another cache with the same views finds its rows, and
only new views are computed. A stopped run goes on where it was.

Maps are kept as principal components of the cells of the first slices.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import Final, Self

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track

from training.cell_projection import CellProjection
from training.networks.teacher import VIEW_SIZE, Teacher, load_teacher
from training.slice_cache import SliceCache

COMPONENTS: Final = (128, 256)  # of the two stages
FITTED_ON: Final = 96  # slices
BATCH: Final = 8
DIGESTS: Final = "views.txt"
SHAPES: Final = "shapes.json"
ARRAYS: Final = ("middle", "last", "means")

Halves = NDArray[np.float16]
Maps = tuple[Halves, Halves]  # of the two stages, [N, C, h, w]
Projections = tuple[CellProjection, CellProjection]
Featurise = Callable[[NDArray[np.uint8]], Maps]


@dataclass(frozen=True)
class TeacherFeatures:
    """Components of the two stages, `middle` [M, 128, 10, 10] and `last` [M, 256, 5, 5]; `means` [M, 3072] of both as
    they were.

    `rows` finds the row of a slice of the cache that the features were opened for; slices without features have none.
    """

    rows: dict[int, int]
    middle: Halves
    last: Halves
    means: Halves

    @classmethod
    def open(cls, folder: Path, slices: SliceCache) -> Self:
        """Open what was computed for the slices of this cache; more may be added while it is open."""
        digests = list(_digests(folder))
        known = {digest: row for row, digest in enumerate(digests)}
        shapes = json.loads((folder / SHAPES).read_text("utf-8"))
        rows = {index: known[digest] for index, digest in enumerate(map(_digest, _plain(slices))) if digest in known}
        arrays = (
            np.memmap(_file(folder, name), np.float16, "r", shape=(len(digests), *shapes[name])) for name in ARRAYS
        )
        return cls(rows, *arrays)

    def __len__(self) -> int:
        return len(self.rows)


def prepare_teacher_features(
    slices: SliceCache,
    folder: Path,
    indices: Sequence[int],
    workers: int,
    featurise: Featurise,
    most: int | None = None,
) -> TeacherFeatures:
    """Compute what is missing in `folder` for these slices, in random order, and open it; raises TeacherMissing.

    `featurise` is the teacher, `published` or another function that can be pickled. Of more than `most` different
    slices, as many are chosen at random.
    """
    folder.mkdir(parents=True, exist_ok=True)
    known = set(_digests(folder))
    different = {_digest(slices.views[index, 0]): index for index in indices}  # equal views once
    order = np.random.default_rng(0).permutation(len(different))[:most]
    chosen = [list(different.items())[number] for number in order]
    missing = [index for digest, index in chosen if digest not in known]
    batches = [missing[start : start + BATCH] for start in range(0, len(missing), BATCH)]
    views = (views_for_teacher(slices, batch) for batch in batches)
    results = track(_results(views, featurise, workers), "Features of the teacher", len(batches))
    projections, results = _projections(folder / "projections.npz", iter(results))
    for batch, maps in zip(batches, results, strict=True):
        _append(folder, [_digest(slices.views[index, 0]) for index in batch], maps, projections)
    return TeacherFeatures.open(folder, slices)


def published(views: NDArray[np.uint8]) -> Maps:
    """Maps of the published teacher, bytes [N, 1, S, S] -> both stages in half precision; raises TeacherMissing."""
    middle, last = (maps.half().numpy() for maps in _published()(torch.from_numpy(views)))
    return middle, last


@cache
def _published() -> Teacher:
    return load_teacher()


def _projections(path: Path, results: Iterator[Maps]) -> tuple[Projections, Iterator[Maps]]:
    """The stored projections, or those fitted on the first results; and all results."""
    if not path.is_file():
        first = list(islice(results, FITTED_ON // BATCH))
        stages = zip(zip(*first, strict=True), COMPONENTS, strict=True)
        fitted = [CellProjection.fit(np.concatenate(maps), components) for maps, components in stages]
        np.savez(path, *(array for one in fitted for array in (one.mean, one.basis)))
        results = chain(first, results)
    arrays = list(np.load(path).values())
    return (CellProjection(*arrays[:2]), CellProjection(*arrays[2:])), results


def _results(views: Iterator[NDArray[np.uint8]], featurise: Featurise, workers: int) -> Iterator[Maps]:
    if workers == 1:
        yield from map(featurise, views)
        return
    with ProcessPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        yield from pool.map(featurise, views)


def _append(folder: Path, digests: Sequence[str], maps: Maps, projections: Projections) -> None:
    """The digests come last: a row without one does not count, and is written again."""
    projected = [project(one) for project, one in zip(projections, maps, strict=True)]
    means = np.concatenate([one.mean(axis=(2, 3), dtype=np.float32) for one in maps], axis=1).astype(np.float16)
    arrays = dict(zip(ARRAYS, (*projected, means), strict=True))
    known = len(_digests(folder))
    for name, array in arrays.items():
        with _file(folder, name).open("r+b" if known else "wb") as file:
            file.seek(known * array[0].nbytes)
            file.write(array.tobytes())
    (folder / SHAPES).write_text(json.dumps({name: array.shape[1:] for name, array in arrays.items()}), "utf-8")
    with (folder / DIGESTS).open("a", encoding="utf-8") as file:
        file.writelines(f"{digest}\n" for digest in digests)


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.bin"


def _digests(folder: Path) -> list[str]:
    path = folder / DIGESTS
    return path.read_text("utf-8").split() if path.is_file() else []


def _digest(view: NDArray[np.uint8]) -> str:
    return hashlib.sha256(view.tobytes()).hexdigest()[:16]


def _plain(slices: SliceCache) -> Iterator[NDArray[np.uint8]]:
    return (slices.views[index, 0] for index in range(len(slices)))


def views_for_teacher(slices: SliceCache, indices: Sequence[int]) -> NDArray[np.uint8]:
    """Plain views at the size of the teacher [N, 1, 160, 160]."""
    side = (VIEW_SIZE, VIEW_SIZE)
    resized = [cv2.resize(np.array(slices.views[index, 0]), side, interpolation=cv2.INTER_AREA) for index in indices]
    return np.stack(resized)[:, np.newaxis].astype(np.uint8)

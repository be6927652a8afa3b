"""Prepared slices on disk: memory-mapped views and a table; a changed setting or entry makes a new cache."""

import csv
import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from screening import views as serving_views
from training.datasets.entry import Entry
from training.slice_defects import defect_of
from training.slice_preparation import LOOKS, PreparedSlice, Unusable, prepare_entry

ARRAYS: Final = MappingProxyType({"looks": np.uint8, "masks": np.uint8, "shown": np.int16})
COLUMNS: Final = ("dataset", "patient", "study", "label", "findings", "scores", "position")


@dataclass(frozen=True)
class Settings:
    """What a cache depends on besides its entries: view size (px) and the most slices of a study."""

    size: int = 192
    slices_per_study: int = 64


@dataclass(frozen=True)
class Row:
    """What is known of one slice; `scores` has 16 numbers or none."""

    dataset: str
    patient: str
    study: str
    label: int | None
    findings: frozenset[str] | None
    scores: tuple[float, ...]
    position: float | None


@dataclass(frozen=True)
class Cache:
    """`looks` and `masks` uint8 [N, 2, size, size] and `shown` int16 [N, 2, 4], read from disk as they are needed."""

    rows: tuple[Row, ...]
    looks: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    shown: NDArray[np.int16]
    folder: Path

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def size(self) -> int:
        return int(self.looks.shape[-1])

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Map the arrays of a finished cache."""
        with (folder / "slices.csv").open(encoding="utf-8", newline="") as file:
            rows = tuple(_row(cells) for cells in csv.DictReader(file))
        size = json.loads((folder / "settings.json").read_text("utf-8"))["size"]
        shapes = {"looks": (len(rows), LOOKS, size, size), "masks": (len(rows), LOOKS, size, size)}
        arrays = {
            name: np.memmap(folder / f"{name}.bin", dtype, "r", shape=shapes.get(name, (len(rows), LOOKS, 4)))
            for name, dtype in ARRAYS.items()
        }
        return cls(rows, folder=folder, **arrays)


def prepared(entries: Sequence[Entry], settings: Settings, root: Path, workers: int = 1) -> Cache:
    """The cache of these entries below `root`, made now unless it is there; excluded.csv says why slices lack."""
    folder = root / f"views-{settings.size}-{cache_key(entries, settings)}"
    if not folder.is_dir():
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        _write(entries, settings, part, workers)
        part.rename(folder)
    return Cache.open(folder)


def cache_key(entries: Sequence[Entry], settings: Settings) -> str:
    """Changes with a setting, an entry, a file's size or the window of serving's views."""
    window = [serving_views.PERCENTILES, serving_views.MIN_WIDTH_HU, serving_views.MIN_WIDTH_GREY]
    digest = hashlib.sha256(json.dumps([asdict(settings), window]).encode())
    for entry in entries:
        known = sorted(entry.findings) if entry.findings is not None else None
        told = [entry.dataset, entry.patient, entry.study, entry.label, known, sorted(entry.slice_labels.items())]
        size = entry.path.stat().st_size if entry.path.is_file() else len(list(entry.path.iterdir()))
        digest.update(json.dumps([*told, entry.scores, size]).encode())
    return digest.hexdigest()[:12]


def _write(entries: Sequence[Entry], settings: Settings, folder: Path, workers: int) -> None:
    kept: list[tuple[object, ...]] = []
    excluded: list[tuple[str, str]] = []
    results = track(_results(entries, settings, workers), "Preparing views", total=len(entries))
    with ExitStack() as stack:
        files = {name: stack.enter_context((folder / f"{name}.bin").open("wb")) for name in ARRAYS}
        for entry, slices, reason in results:
            if reason:
                excluded.append((entry.study, reason))
            for slice_ in slices:
                defect = defect_of(slice_.looks[0], slice_.masks[0])
                if defect is not None:
                    excluded.append((entry.study, defect))
                    continue
                kept.append(_cells(slice_))
                for name, file in files.items():
                    file.write(getattr(slice_, name).tobytes())
    if not kept:
        raise Unusable(f"no slice is left of {len(entries)} entries: {Counter(reason for _, reason in excluded)}")
    _table(folder / "slices.csv", COLUMNS, kept)
    _table(folder / "excluded.csv", ("study", "reason"), excluded)
    (folder / "settings.json").write_text(json.dumps(asdict(settings)), "utf-8")


Result = tuple[Entry, list[PreparedSlice], str]


def _results(entries: Sequence[Entry], settings: Settings, workers: int) -> Iterator[Result]:
    work = partial(_result, settings=settings)
    if workers == 1:
        yield from map(work, entries)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(work, entries, chunksize=8)


def _result(entry: Entry, settings: Settings) -> Result:
    try:
        return entry, list(prepare_entry(entry, settings.size, settings.slices_per_study)), ""
    except Unusable as error:
        return entry, [], str(error)


def _table(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)


def _cells(slice_: PreparedSlice) -> tuple[object, ...]:
    entry = slice_.entry
    findings = "unknown" if entry.findings is None else ";".join(sorted(entry.findings))
    scores = ";".join(f"{score:g}" for score in entry.scores or ())
    label = "" if slice_.label is None else slice_.label
    position = "" if slice_.position is None else f"{slice_.position:.4f}"
    return entry.dataset, entry.patient, entry.study, label, findings, scores, position


def _row(cells: dict[str, str]) -> Row:
    return Row(
        dataset=cells["dataset"],
        patient=cells["patient"],
        study=cells["study"],
        label=int(cells["label"]) if cells["label"] else None,
        findings=None if cells["findings"] == "unknown" else frozenset(filter(None, cells["findings"].split(";"))),
        scores=tuple(float(score) for score in cells["scores"].split(";") if score),
        position=float(cells["position"]) if cells["position"] else None,
    )

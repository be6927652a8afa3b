"""Cache of prepared slices on disk: memory-mapped arrays and a table. Another setting or entry makes another cache."""

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

from screening.lungs import dome_exclusion
from screening.views import augmented_views as serving_views
from training.datasets.entry import Entry
from training.prepared_slice import CROPS_PER_SLICE, PreparedSlice
from training.slice_defects import defect_of
from training.slice_preparation import prepare_entry
from training.surveyed_volume import Unusable

# Array -> name of its file, which stays so that existing caches and the key in the model card remain valid; type.
ARRAYS: Final = MappingProxyType(
    {
        "views": ("looks.bin", np.uint8),
        "masks": ("masks.bin", np.uint8),
        "counted": ("counted.bin", np.uint8),
        "lesions": ("lesions.bin", np.uint8),
        "extents": ("shown.bin", np.int16),
    }
)
COLUMNS: Final = ("dataset", "patient", "study", "label", "findings", "scores", "height_mm")


@dataclass(frozen=True)
class PreparationSettings:
    """Settings of a cache besides its entries: view size (px), and the distance of a study's slices (mm), as served."""

    size: int = 224
    spacing_mm: float = 5.0


@dataclass(frozen=True)
class SliceRow:
    """The table's row of one slice; `scores` has 16 numbers or none."""

    dataset: str
    patient: str
    study: str
    label: int | None
    findings: frozenset[str] | None
    scores: tuple[float, ...]
    height_mm: float | None


@dataclass(frozen=True)
class SliceCache:
    """The arrays of N prepared slices (`PreparedSlice`), memory-mapped; axis 1 is the crop."""

    rows: tuple[SliceRow, ...]
    views: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    counted: NDArray[np.uint8]
    lesions: NDArray[np.uint8]
    extents: NDArray[np.int16]
    folder: Path

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def size(self) -> int:
        return int(self.views.shape[-1])

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open a finished cache."""
        with (folder / "slices.csv").open(encoding="utf-8", newline="") as file:
            rows = tuple(_row(cells) for cells in csv.DictReader(file))
        size = json.loads((folder / "settings.json").read_text("utf-8"))["size"]
        shapes = {"extents": (len(rows), CROPS_PER_SLICE, 4)}
        arrays = {
            name: np.memmap(folder / file, dtype, "r", shape=shapes.get(name, (len(rows), CROPS_PER_SLICE, size, size)))
            for name, (file, dtype) in ARRAYS.items()
        }
        return cls(rows, folder=folder, **arrays)


def prepare_cache(entries: Sequence[Entry], settings: PreparationSettings, root: Path, workers: int = 1) -> SliceCache:
    """The cache of these entries below `root`, written if it does not exist; excluded.csv lists excluded slices."""
    folder = root / f"views-{settings.size}-{cache_key(entries, settings)}"
    if not folder.is_dir():
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        _write(entries, settings, part, workers)
        part.rename(folder)
    return SliceCache.open(folder)


def cache_key(entries: Sequence[Entry], settings: PreparationSettings) -> str:
    """A hash of the settings, the entries with their file sizes, and what serving's views and masks depend on."""
    window = [serving_views.PERCENTILES, serving_views.MIN_WIDTH_HU, serving_views.MIN_WIDTH_GREY]
    window += [dome_exclusion.BELOW_MM, dome_exclusion.SLACK_MM]
    digest = hashlib.sha256(json.dumps([asdict(settings), window]).encode())
    for entry in entries:
        known = sorted(entry.findings) if entry.findings is not None else None
        fields = [entry.dataset, entry.patient, entry.study, entry.label, known, sorted(entry.slice_labels.items())]
        fields.append(sorted(entry.lesion_masks))
        size = entry.path.stat().st_size if entry.path.is_file() else len(list(entry.path.iterdir()))
        digest.update(json.dumps([*fields, entry.scores, len(entry.slice_files), size]).encode())
    return digest.hexdigest()[:12]


def _write(entries: Sequence[Entry], settings: PreparationSettings, folder: Path, workers: int) -> None:
    kept: list[tuple[object, ...]] = []
    excluded: list[tuple[str, str]] = []
    results = track(_results(entries, settings, workers), "Preparing views", total=len(entries))
    with ExitStack() as stack:
        files = {name: stack.enter_context((folder / file).open("wb")) for name, (file, _) in ARRAYS.items()}
        for entry, slices, reason in results:
            if reason:
                excluded.append((entry.study, reason))
            for slice_ in slices:
                defect = defect_of(slice_.views[0], slice_.masks[0])
                if defect is not None:
                    excluded.append((entry.study, defect))
                    continue
                kept.append(_cells(slice_))
                for name, file in files.items():
                    file.write(getattr(slice_, name).tobytes())
    if not kept:
        raise Unusable(f"no slice is left of {len(entries)} entries: {Counter(reason for _, reason in excluded)}")
    _write_csv(folder / "slices.csv", COLUMNS, kept)
    _write_csv(folder / "excluded.csv", ("study", "reason"), excluded)
    (folder / "settings.json").write_text(json.dumps(asdict(settings)), "utf-8")


Result = tuple[Entry, list[PreparedSlice], str]


def _results(entries: Sequence[Entry], settings: PreparationSettings, workers: int) -> Iterator[Result]:
    work = partial(_result, settings=settings)
    if workers == 1:
        yield from map(work, entries)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(work, entries, chunksize=8)


def _result(entry: Entry, settings: PreparationSettings) -> Result:
    try:
        return entry, list(prepare_entry(entry, settings.size, settings.spacing_mm)), ""
    except Unusable as error:
        return entry, [], str(error)


def _write_csv(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)


def _cells(slice_: PreparedSlice) -> tuple[object, ...]:
    entry = slice_.entry
    findings = "unknown" if entry.findings is None else ";".join(sorted(entry.findings))
    scores = ";".join(f"{score:g}" for score in entry.scores or ())
    label = "" if slice_.label is None else slice_.label
    height = "" if slice_.height_mm is None else f"{slice_.height_mm:.2f}"
    return entry.dataset, entry.patient, entry.study, label, findings, scores, height


def _row(cells: dict[str, str]) -> SliceRow:
    return SliceRow(
        dataset=cells["dataset"],
        patient=cells["patient"],
        study=cells["study"],
        label=int(cells["label"]) if cells["label"] else None,
        findings=None if cells["findings"] == "unknown" else frozenset(filter(None, cells["findings"].split(";"))),
        scores=tuple(float(score) for score in cells["scores"].split(";") if score),
        height_mm=float(cells["height_mm"]) if cells["height_mm"] else None,
    )

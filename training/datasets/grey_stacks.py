"""Whole chests that were published as 8-bit slices: groups of `manifest.csv` that are long enough to be one.

Beside the adapter `slices`, which takes each of these slices alone, this one gives the study: with its heights, the
domes of the diaphragm are known, and the crop is that of serving.
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from training.datasets.entry import Entry
from training.datasets.label_tables import label_of, rows_of

LEAST_SLICES: Final = 90  # 225 mm at the assumed distance; the runs of neighbours in the public sets have at most 84


def grey_stacks_with_manifest(root: Path) -> Iterator[Entry]:
    """One entry for each long group; its path is the folder, its slices are in the order of their names."""
    groups: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows_of(root / "manifest.csv", ("path", "dataset", "label", "abnormal", "group")):
        groups[row["group"]].append(row)
    for group, rows in groups.items():
        if len(rows) < LEAST_SLICES:
            continue
        yield Entry(
            dataset=f"{rows[0]['dataset']}_stacks",
            patient=group,
            study=group,
            path=root,
            kind="grey_stack",
            label=label_of(rows[0]["abnormal"]),
            slice_files=tuple(root / name for name in sorted(row["path"] for row in rows)),
        )

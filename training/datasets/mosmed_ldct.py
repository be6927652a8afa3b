"""MosMedData lung cancer type I (LDCT): `dicom/<study>/...` and `protocols/<study>.json` with the readers' marks.

A protocol holds `nodules`: for each nodule a list with the opinion of each reader, None for a reader without a mark. A
study is pathology when at least half of its readers marked the same nodule, and normal when no reader marked any.
Between these, the label is unknown: patients at risk without an agreed nodule are not normal.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from training.datasets.entry import Entry, InvalidDataset
from training.datasets.label_tables import folders_of


def mosmed_ldct(root: Path) -> Iterator[Entry]:
    """One entry for each study folder; each study is of another patient."""
    for folder in folders_of(root / "dicom"):
        label = _label(_nodules(root / "protocols" / f"{folder.name}.json"))
        yield Entry(
            dataset="mosmed_ldct",
            patient=folder.name,
            study=folder.name,
            path=folder,
            kind="study",
            label=label,
            findings=frozenset({"Lung nodule"}) if label == 1 else None,
        )


def _nodules(path: Path) -> Sequence[Sequence[Any]]:
    try:
        nodules: Sequence[Sequence[Any]] = json.loads(path.read_text("utf-8-sig"))["nodules"]
    except (OSError, ValueError, KeyError) as error:
        raise InvalidDataset(f"{path.name} is not a protocol: {type(error).__name__}") from error
    return nodules


def _label(nodules: Sequence[Sequence[Any]]) -> int | None:
    marks = [[opinion is not None for opinion in readers] for readers in nodules]
    if any(2 * sum(readers) >= len(readers) > 0 for readers in marks):
        return 1
    return None if any(map(any, marks)) else 0

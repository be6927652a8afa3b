"""Folders of published 8-bit slices with `manifest.csv`: path, dataset, label, abnormal (0, 1, empty), group.

`finding_scores.csv` beside it is optional and holds 16 soft targets for each path.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from screening.contract import FINDINGS
from training.datasets.entry import Entry, InvalidDataset
from training.datasets.label_tables import label_of, rows_of

# The data sets' own labels as the 16 findings; a normal slice has none of them.
FINDINGS_OF_LABEL: Final = MappingProxyType(
    {
        "normal": frozenset[str](),
        "centriacinar": frozenset({"Emphysema"}),
        "panlobular": frozenset({"Emphysema"}),
        "paraseptal": frozenset({"Emphysema"}),
        "benign": frozenset({"Lung nodule"}),
        "malignant": frozenset({"Lung nodule"}),
        "pneumonia": frozenset({"Consolidation"}),
        "COVID": frozenset({"Lung opacity"}),
    }
)


def slices_with_manifest(root: Path) -> Iterator[Entry]:
    """One entry for each slice; `group` is used as the patient, `label` is the data set's own label."""
    scores = _scores(root / "finding_scores.csv")
    for row in rows_of(root / "manifest.csv", ("path", "dataset", "label", "abnormal", "group")):
        path = root / row["path"]
        if not path.is_file():
            raise InvalidDataset(f"manifest.csv names {row['path']}, which is missing")
        yield Entry(
            dataset=row["dataset"],
            patient=row["group"],
            study=row["path"],
            path=path,
            kind="grey",
            label=label_of(row["abnormal"]),
            findings=FINDINGS_OF_LABEL.get(row["label"]),
            scores=scores.get(row["path"]),
        )


def _scores(path: Path) -> Mapping[str, tuple[float, ...]]:
    if not path.is_file():
        return {}
    return {row["path"]: tuple(float(row[name]) for name in FINDINGS) for row in rows_of(path, ("path", *FINDINGS))}

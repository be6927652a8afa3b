"""DICOM volumes in which a reader or an algorithm has marked lesions: `slices.csv` names study, path, patient, lesion,
dataset and mask of each slice.

A slice with a mask shows a lesion; an empty `lesion` means unknown, not normal. A study of one slice is a single image.
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from training.datasets.entry import Entry
from training.datasets.label_tables import rows_of


def dicom_with_lesion_masks(root: Path) -> Iterator[Entry]:
    """One entry for each study of `slices.csv`: a folder of slices, or a single image."""
    studies: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows_of(root / "slices.csv", ("study", "path", "patient", "lesion", "dataset", "mask")):
        studies[row["study"]].append(row)
    for study, rows in studies.items():
        yield Entry(
            dataset=rows[0]["dataset"],
            patient=rows[0]["patient"],
            study=study,
            path=root / rows[0]["path"] if len(rows) == 1 else (root / rows[0]["path"]).parent,
            kind="single" if len(rows) == 1 else "study",
            lesion_masks={Path(row["path"]).name: root / row["mask"] for row in rows if row["mask"]},
        )

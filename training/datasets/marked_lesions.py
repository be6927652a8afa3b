"""DICOM volumes in which a reader or an algorithm has marked lesions: `slices.csv` names study, path, patient, lesion,
dataset and mask of each slice.

A slice with a mask shows a lesion; an empty `lesion` means unknown, not normal. Of a study of few slices no series can
be made: each is a single image.
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from training.datasets.entry import Entry
from training.datasets.label_tables import rows_of

LEAST_SLICES: Final = 10  # of a study


def dicom_with_lesion_masks(root: Path) -> Iterator[Entry]:
    """One entry for each study of `slices.csv`, or for each image of a study of few slices."""
    studies: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows_of(root / "slices.csv", ("study", "path", "patient", "lesion", "dataset", "mask")):
        studies[row["study"]].append(row)
    for study, rows in studies.items():
        dataset, patient = rows[0]["dataset"], rows[0]["patient"]
        if len(rows) < LEAST_SLICES:
            yield from (Entry(dataset, patient, row["path"], root / row["path"], "single") for row in rows)
            continue
        masks = {Path(row["path"]).name: root / row["mask"] for row in rows if row["mask"]}
        yield Entry(dataset, patient, study, (root / rows[0]["path"]).parent, "study", lesion_masks=masks)

"""CT-RATE: NIfTI volumes named `train_1_a_1.nii.gz` (split, patient, scan, reconstruction) and a table of 18 classes.

Layout: `<split>[_fixed]/train_1/train_1_a/train_1_a_1.nii.gz`, `multi_abnormality_labels/*_predicted_labels.csv`
(VolumeName and 18 columns of 0 or 1). A `metadata` table with RescaleSlope and RescaleIntercept lies beside them.

Volumes of the first release hold stored values, to be rescaled by that table; volumes of v2 (`train_fixed`) are in HU,
and a second rescale would shift lung by 1024 HU. Serving reads NIfTI as HU, so the table is never applied here, and a
volume of stored values is refused.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import nibabel
import numpy as np

from screening.contract import FINDINGS
from training.datasets.entry import Entry, InvalidDataset
from training.datasets.label_tables import niftis_of, rows_of

_NAME: Final = re.compile(r"(?P<patient>(train|valid)_\d+)_(?P<scan>[a-z]+)_\d+\.nii(\.gz)?")
_NO_FINDING: Final = (
    "Medical material",
)  # no pathology; interlobular thickening is pathology, but none of the 16 findings
OTHER_PATHOLOGY: Final = ("Interlobular septal thickening",)
AIR_IN_HU: Final = -500  # a chest in HU is at least a tenth air; stored values begin at 0


def ct_rate(root: Path) -> Iterator[Entry]:
    """One entry for each volume; a volume with none of the pathological classes is normal."""
    labels = _labels(root)
    for path in niftis_of(root):
        match = _NAME.fullmatch(path.name)
        if match is None or path.name not in labels:
            raise InvalidDataset(f"{path.name} is not in the tables of CT-RATE")
        if not is_in_hu(path):
            raise InvalidDataset(f"{path.name} holds stored values; take the volumes of v2, which are in HU")
        present = labels[path.name]
        yield Entry(
            dataset="ct_rate",
            patient=match["patient"],
            study=path.name,
            path=path,
            kind="study",
            label=int(any(name not in _NO_FINDING for name in present)),
            findings=frozenset(present) & frozenset(FINDINGS),
        )


def is_in_hu(path: Path) -> bool:
    """Whether the values of a volume are HU (v2), not stored values (first release)."""
    volume = nibabel.load(path)
    middle = np.asarray(volume.dataobj[..., volume.shape[2] // 2])
    return bool(np.percentile(middle, 10) < AIR_IN_HU)


def _labels(root: Path) -> Mapping[str, frozenset[str]]:
    known = (*FINDINGS, *_NO_FINDING, *OTHER_PATHOLOGY)
    tables = sorted((root / "multi_abnormality_labels").glob("*_labels.csv"))
    if not tables:
        raise InvalidDataset("CT-RATE has no multi_abnormality_labels/*_labels.csv")
    return {
        row["VolumeName"]: frozenset(name for name in known if row[name] == "1")
        for table in tables
        for row in rows_of(table, ("VolumeName", *known))
    }

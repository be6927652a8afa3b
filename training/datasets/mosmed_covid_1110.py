"""MosMedData COVID-19 1110: NIfTI in HU, one folder for each severity: `studies/CT-0/study_0001.nii.gz` ... CT-4.

CT-0 has no signs of viral pneumonia; in CT-1 to CT-4 a growing part of the lungs is affected (Morozov et al. 2020).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from training.datasets.entry import Entry, InvalidDataset
from training.datasets.label_tables import niftis_of

SEVERITIES: Final = ("CT-0", "CT-1", "CT-2", "CT-3", "CT-4")


def mosmed_covid_1110(root: Path) -> Iterator[Entry]:
    """One entry for each volume; every study is of another patient."""
    if not any((root / "studies" / severity).is_dir() for severity in SEVERITIES):
        raise InvalidDataset("COVID19_1110 has no studies/CT-0 ... CT-4")
    for severity in SEVERITIES:
        for path in niftis_of(root / "studies" / severity):
            name = path.name.removesuffix(".gz").removesuffix(".nii")
            pathological = severity != SEVERITIES[0]
            yield Entry(
                dataset="mosmed_covid_1110",
                patient=name,
                study=f"{severity}/{name}",
                path=path,
                kind="study",
                label=int(pathological),
                findings=frozenset({"Lung opacity"}) if pathological else None,
            )

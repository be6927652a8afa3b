"""Small studies for archives: phantoms with the identity, the date and the series that a test wants."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.uid import UID

from screening.phantom.phantom_study import write_phantom


def write_study(folder: Path, *, seed: int = 0, slices: int = 3, size: int = 32, **values: Any) -> list[Path]:
    """A study of one series with these elements; studies of different seeds have different UIDs."""
    write_phantom(folder, slices=slices, size=size, seed=seed)
    return set_elements(folder, {"StudyDate": "20240115", "AccessionNumber": f"A{seed}"} | values)


def add_series(folder: Path, *, of: Path, series_uid: str, **values: Any) -> list[Path]:
    """A further series, in a folder of its own, of the study in `of`."""
    folder.mkdir()
    for number, file in enumerate(sorted(of.iterdir())):
        dataset = dcmread(file)
        dataset.SeriesInstanceUID = series_uid
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(f"{series_uid}.{number}")
        dataset.save_as(folder / file.name)
    return set_elements(folder, values)


def set_elements(folder: Path, values: Mapping[str, Any]) -> list[Path]:
    """Change these elements in every file of the folder."""
    files = sorted(folder.iterdir())
    for file in files:
        dataset = dcmread(file)
        for keyword, value in values.items():
            setattr(dataset, keyword, value)
        dataset.save_as(file)
    return files


def study_uid_of(files: list[Path]) -> str:
    return str(dcmread(files[0], stop_before_pixels=True).StudyInstanceUID)

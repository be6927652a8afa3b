"""What the benchmarks of the network share: dcmtk's programs, and studies that were never sent before."""

import shutil
from pathlib import Path
from typing import Final

import typer
from pydicom import dcmread
from pydicom.uid import UID, generate_uid

PROGRAMS: Final = ("storescu", "storescp", "echoscu")
TITLE: Final = "TURNSTILE"  # the called AE title


def require_dcmtk() -> None:
    """Raise BadParameter when a program is missing."""
    if missing := [program for program in PROGRAMS if shutil.which(program) is None]:
        raise typer.BadParameter(f"install dcmtk: {', '.join(missing)} not found")


def storescu(study: Path, port: int) -> list[str]:
    """The command that sends a folder; -xs proposes JPEG Lossless too."""
    return ["storescu", "-xs", "-aec", TITLE, "+sd", "127.0.0.1", str(port), str(study)]


def files_below(folder: Path) -> list[Path]:
    """The files of a study, in order."""
    return sorted(file for file in folder.rglob("*") if file.is_file())


def copy_under_own_uids(template: Path, folder: Path) -> Path:
    """A copy of a study under UIDs of its own, which keep its series apart: a receiver stores no instance twice."""
    folder.mkdir()
    study_uid, series = generate_uid(prefix=None), dict[str, UID]()
    for number, file in enumerate(files_below(template)):
        dataset = dcmread(file)
        dataset.StudyInstanceUID = study_uid
        dataset.SeriesInstanceUID = series.setdefault(str(dataset.SeriesInstanceUID), generate_uid(prefix=None))
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid(prefix=None)
        dataset.save_as(folder / f"{number:05d}.dcm")
    return folder

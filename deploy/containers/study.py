"""The study that goes through the stack."""

import zipfile
from pathlib import Path

from deploy.containers.engine import ROOT
from screening.phantom.phantom_study import write_phantom

REAL = ROOT.parent / "shared" / "data" / "dicom" / "normal001"  # beside the checkout of a developer, never in it


def study_to_screen(given: Path | None, target: Path) -> Path:
    """A zip at `target`, unless one was given: of the given folder, else of a real study, else a synthetic one."""
    source = given or (REAL if REAL.is_dir() else None)
    if source is None:
        return write_phantom(target, slices=40, seed=8)
    if source.is_file():
        return source
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(one for one in source.rglob("*") if one.is_file()):
            archive.write(file, file.relative_to(source))
    return target

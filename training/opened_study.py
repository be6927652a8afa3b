"""The study of an entry that is a volume, opened as serving opens an upload."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from screening.errors import StudyError
from screening.intake.budgets import Budgets
from screening.preparation import survey
from screening.series.studies import Study
from training.datasets.entry import Entry
from training.grey_stack import write_as_nifti
from training.surveyed_volume import Unusable

VOLUMES: Final = ("study", "grey_stack")  # kinds of entries


@contextmanager
def opened_study(entry: Entry) -> Iterator[Study]:
    """The first study of the entry; raises a StudyError, and Unusable for a grey stack that shows no lung.

    What was unpacked or written for it stays until the end of the block.
    """
    with TemporaryDirectory() as folder:
        scratch = Path(folder)
        path = _as_nifti(entry, scratch) if entry.kind == "grey_stack" else entry.path
        study = survey(path, scratch, Budgets()).studies[0]
        if isinstance(study, StudyError):
            raise study
        yield study


def _as_nifti(entry: Entry, folder: Path) -> Path:
    path = folder / "stack.nii"
    try:
        write_as_nifti(entry.slice_files, path)
    except ValueError as error:
        raise Unusable(str(error)) from error
    return path

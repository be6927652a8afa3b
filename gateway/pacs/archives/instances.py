"""The instances of a series as they come from an archive: each is checked, and then stands in the folder."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.pacs.archives.errors import ForeignInstance
from screening.dicom.element_values import Elements
from screening.dicom.part10 import read_file_header
from screening.dicom.slice_header import is_uid
from screening.errors import IntakeError
from screening.intake.budgets import Budgets
from screening.intake.upload_members import Member

SUFFIX: Final = ".dcm"


@dataclass(frozen=True)
class InstanceUids:
    """What identifies an instance."""

    study: str
    series: str
    instance: str


@dataclass
class SeriesFolder:
    """The instances of one series, each as `<SOP Instance UID>.dcm`; the same instance twice is one file.

    Instances come from several threads; the checks are on the file alone, and the last step is a rename.
    """

    folder: Path
    study_uid: str
    series_uid: str
    modality: str = ""
    _numbers: Iterator[int] = field(default_factory=itertools.count, repr=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def count(self) -> int:
        """How many instances are here."""
        return sum(path.suffix == SUFFIX for path in self.folder.iterdir())

    def incoming(self) -> Path:
        """A path for an instance that is written now."""
        return self.folder / f".incoming-{next(self._numbers)}"

    def take(self, path: Path, uids: InstanceUids | None = None) -> None:
        """Keep the instance at `path`, which is moved or deleted; raises ForeignInstance."""
        try:
            uids = uids or uids_of(path)
            if (uids.study, uids.series) != (self.study_uid, self.series_uid):
                raise ForeignInstance("the archive sent an instance of another study or series than it was asked for")
            path.rename(self.folder / f"{uids.instance}{SUFFIX}")
        finally:
            path.unlink(missing_ok=True)


def uids_of(path: Path) -> InstanceUids:
    """The UIDs of a DICOM file; raises ForeignInstance when it is none, is cut off, or has an invalid UID."""
    try:
        header = read_file_header(Member("instance", path, path.stat().st_size), Budgets())
    except IntakeError as error:
        raise ForeignInstance(f"the archive sent an instance that cannot be read: {error.detail}") from None
    elements = Elements(header.dataset)
    uids = [elements.text(f"{name}InstanceUID") for name in ("Study", "Series", "SOP")]
    if not all(map(is_uid, uids)):
        raise ForeignInstance("the archive sent an instance without valid UIDs")
    return InstanceUids(*uids)

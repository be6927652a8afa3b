"""What an archive can do, by DIMSE or by DICOMweb."""

from dataclasses import dataclass
from typing import Final, Protocol

from gateway.pacs.archives.instances import SeriesFolder
from gateway.pacs.archives.query import FoundSeries, FoundStudy, StudyQuery

UIDS_AT_ONCE: Final = 20  # of one query: a URL of 1.3 KB


@dataclass(frozen=True)
class SubOperations:
    """What an archive counted of its C-STORE sub-operations (PS3.7 9.3.3.2); DICOMweb counts none."""

    completed: int = 0
    failed: int = 0
    warning: int = 0
    remaining: int = 0

    def __str__(self) -> str:
        """As the end of a sentence."""
        return (
            f"the archive counted {self.completed} completed, {self.failed} failed, {self.warning} with a warning and "
            f"{self.remaining} remaining sub-operations"
        )


class Archive(Protocol):
    """An archive of the settings. Each call raises ArchiveUnavailable, ArchiveRefused or InvalidAnswer."""

    name: str
    at_once: int

    async def studies(self, query: StudyQuery) -> list[FoundStudy]:
        """What the archive answers to a query, of at most `UIDS_AT_ONCE` UIDs; raises TooManyMatches.

        `body_part` is of series: it is not asked for here.
        """
        ...

    async def series(self, study_uid: str) -> list[FoundSeries]:
        """The series of a study."""
        ...

    async def count_instances(self, study_uid: str, series_uid: str) -> int:
        """The number of instances of a series, by a query for each of them."""
        ...

    async def retrieve(self, series: SeriesFolder) -> SubOperations | None:
        """Fetch a series into its folder; what came is there also after an error.

        Raises StudyNotFetched.
        """
        ...

    async def answers(self) -> bool:
        """Whether the archive can be reached now."""
        ...

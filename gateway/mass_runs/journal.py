"""The journal of a mass run: one line of JSON for each finished upload, synced to the disk at once."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from gateway.reports.report_table import table_row
from screening.user_error import UserError


class JournalInUse(UserError):
    """Another run writes this journal now."""


@dataclass(frozen=True)
class JournalEntry:
    """One upload and the reports of its studies, as JSON."""

    item: str
    reports: tuple[Mapping[str, Any], ...]

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [table_row(report) for report in self.reports]

    @property
    def failed(self) -> bool:
        return any(row["processing_status"] != "Success" for row in self.rows)


class Journal:
    """Appends entries durably; opening it removes an incomplete last line, which a crash leaves."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise JournalInUse(
                f"another run writes {self._path.name} now; wait for it or choose another report"
            ) from None
        self._file.truncate(_length_of_complete_lines(self._path))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def append(self, item: str, reports: Sequence[Mapping[str, Any]]) -> JournalEntry:
        """Append the full reports of one upload, and sync them to the disk."""
        if self._file is None:
            raise ValueError("the journal is not open: use it in a `with` block")
        entry = JournalEntry(item, tuple(reports))
        self._file.write(json.dumps({"item": entry.item, "reports": entry.reports}).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        return entry

    def entries(self) -> Iterator[JournalEntry]:
        """The newest entry of each upload, in the order of their first entries.

        One entry is in memory at a time: 100,000 full reports would take gigabytes.
        """
        with self._path.open("rb") as lines:
            for offset in _newest_offsets(lines).values():
                lines.seek(offset)
                record = json.loads(lines.readline())
                yield JournalEntry(record["item"], tuple(record["reports"]))


def _newest_offsets(lines: BinaryIO) -> dict[str, int]:
    """The byte offset of the newest entry of each upload."""
    offsets: dict[str, int] = {}
    end = 0
    for line in lines:
        offsets[json.loads(line)["item"]] = end
        end += len(line)
    return offsets


def _length_of_complete_lines(path: Path) -> int:
    """Bytes up to the end of the last complete line."""
    size = 0
    with path.open("rb") as lines:
        for line in lines:
            if not line.endswith(b"\n"):
                break
            size += len(line)
    return size

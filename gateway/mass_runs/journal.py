"""What a mass run has done, one line of JSON an upload, safe on the disk before the next begins."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from gateway.reports.report_table import table_row


class JournalInUse(Exception):
    """Two runs must not write one report."""


@dataclass(frozen=True)
class Entry:
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
    """Appends entries durably; a line that a crash tore is cut off when the journal is opened again."""

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
        self._file.truncate(_whole_lines(self._path))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def append(self, item: str, reports: Sequence[Mapping[str, Any]]) -> Entry:
        """Write one upload's whole reports; when this returns they survive a power cut."""
        if self._file is None:
            raise ValueError("the journal is not open")
        entry = Entry(item, tuple(reports))
        self._file.write(json.dumps({"item": entry.item, "reports": entry.reports}).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        return entry

    def entries(self) -> Iterator[Entry]:
        """What is in the journal, an item once, in the order of their first screening; a newer entry replaces an older.

        One is in memory at a time: 100,000 whole reports would take gigabytes.
        """
        with self._path.open("rb") as lines:
            for start in _newest(lines).values():
                lines.seek(start)
                record = json.loads(lines.readline())
                yield Entry(record["item"], tuple(record["reports"]))


def _newest(lines: BinaryIO) -> dict[str, int]:
    """Where the newest entry of each item begins."""
    starts: dict[str, int] = {}
    end = 0
    for line in lines:
        starts[json.loads(line)["item"]] = end
        end += len(line)
    return starts


def _whole_lines(path: Path) -> int:
    """Bytes up to the end of the last whole line."""
    size = 0
    with path.open("rb") as lines:
        for line in lines:
            if not line.endswith(b"\n"):
                break
            size += len(line)
    return size

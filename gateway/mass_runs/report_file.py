"""The report file of a mass run: CSV grows row by row; other formats are written when the run ends or stops."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.mass_runs.journal import JournalEntry
from gateway.reports.parquet_table import as_parquet
from gateway.reports.report_table import as_csv, as_xlsx, csv_lines

FORMATS: Final = (".csv", ".json", ".xlsx", ".parquet")


@dataclass(frozen=True)
class ReportFile:
    """One report file; its extension is its format. `detail` writes full reports, which only JSON can hold."""

    path: Path
    detail: bool = False

    def __post_init__(self) -> None:
        if self.path.suffix.lower() not in FORMATS:
            raise ValueError(f"the report's name must end in one of {', '.join(FORMATS)}")
        if self.detail and self.path.suffix.lower() != ".json":
            raise ValueError("full reports need a .json file")

    @property
    def journal(self) -> Path:
        """The path of the journal beside the report; the report can be written from it at any time."""
        return self.path.with_name(f"{self.path.name}.journal")

    def write(self, entries: Iterable[JournalEntry]) -> None:
        """Replace the file atomically."""
        draft = self.path.with_name(f".{self.path.name}.draft")
        draft.write_bytes(self._rendered(entries))
        draft.replace(self.path)

    def append(self, entry: JournalEntry) -> None:
        """Append the rows of an upload to a CSV file; does nothing for other formats."""
        if self.path.suffix.lower() != ".csv":
            return
        with self.path.open("a", encoding="utf-8", newline="") as file:
            file.write(csv_lines(entry.rows))

    def _rendered(self, entries: Iterable[JournalEntry]) -> bytes:
        rows = (row for entry in entries for row in entry.rows)
        match self.path.suffix.lower():
            case ".csv":
                return as_csv(rows).encode()
            case ".xlsx":
                return as_xlsx(rows)
            case ".parquet":
                return as_parquet(rows)
            case _:
                reports = [part for entry in entries for part in (entry.reports if self.detail else entry.rows)]
                return json.dumps(reports, indent=2).encode() + b"\n"

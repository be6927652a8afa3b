"""The report of a mass run: CSV grows row by row; all other kinds are written whole, when the run ends or stops."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.mass_runs.journal import Entry
from gateway.reports.parquet_table import as_parquet
from gateway.reports.report_table import as_csv, as_xlsx, csv_lines

KINDS: Final = (".csv", ".json", ".xlsx", ".parquet")


@dataclass(frozen=True)
class Output:
    """One report file; its kind is its extension. `detail` writes whole reports, which only JSON can hold."""

    path: Path
    detail: bool = False

    def __post_init__(self) -> None:
        if self.path.suffix.lower() not in KINDS:
            raise ValueError(f"the report's name must end in one of {', '.join(KINDS)}")
        if self.detail and self.path.suffix.lower() != ".json":
            raise ValueError("whole reports need a .json file")

    @property
    def journal(self) -> Path:
        """The journal beside the report, from which it can be written again at any time."""
        return self.path.with_name(f"{self.path.name}.journal")

    def write(self, entries: Iterable[Entry]) -> None:
        """Replace the file, whole or not at all."""
        draft = self.path.with_name(f".{self.path.name}.draft")
        draft.write_bytes(self._rendered(entries))
        draft.replace(self.path)

    def append(self, entry: Entry) -> None:
        """Add an upload's rows, where the kind of file allows it."""
        if self.path.suffix.lower() != ".csv":
            return
        with self.path.open("a", encoding="utf-8", newline="") as file:
            file.write(csv_lines(entry.rows))

    def _rendered(self, entries: Iterable[Entry]) -> bytes:
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

"""How often the studies of the evaluation were looked at: tuning on them makes their figures too good.

Each run of the evaluation adds a row to a table beside the card's figures; the card counts them.
"""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

COLUMNS: Final = ("networks", "operating_point", "volume_rule")
TABLE: Final = "looks.csv"


@dataclass(frozen=True)
class Looks:
    """So many runs of the evaluation, with so many different networks, this one included."""

    runs: int
    networks: int


def counted_look(folder: Path, networks: str, operating_point: str, volume_rule: str) -> Looks:
    """Add this run to the table in `folder`, and count."""
    path = folder / TABLE
    folder.mkdir(parents=True, exist_ok=True)
    rows = _rows(path)
    rows.append(dict(zip(COLUMNS, (networks, operating_point, volume_rule), strict=True)))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return Looks(len(rows), len({row["networks"] for row in rows}))


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))

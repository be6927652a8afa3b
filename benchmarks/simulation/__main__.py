"""`python -m benchmarks.simulation`: rewrites the tables of docs/scaling.md from the last measured run.

A table is in the page between `<!-- table: name -->` and `<!-- end -->`; the text around it does not change.
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from benchmarks.simulation.tables import TABLES

PAGE: Final = Path(__file__).resolve().parent.parent.parent / "docs" / "scaling.md"
TABLE_MARKERS: Final = re.compile(r"(<!-- table: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main(page: Annotated[Path, typer.Option(help="The page to write them into.")] = PAGE) -> None:
    """Compute every table of the page (some six minutes), print them, and write the page."""
    text = page.read_text("utf-8")
    made = {name: TABLES[name]() for name in places(text)}
    page.write_text(filled(text, made), "utf-8")
    sys.stdout.write("\n".join(made.values()))


def places(text: str) -> list[str]:
    """The tables that the page contains; raises KeyError for an unknown one."""
    names = [found["name"] for found in TABLE_MARKERS.finditer(text)]
    if unknown := set(names) - set(TABLES):
        raise KeyError(f"unknown tables: {sorted(unknown)}")
    return names


def filled(text: str, made: Mapping[str, str]) -> str:
    """The page with these tables."""
    return TABLE_MARKERS.sub(lambda found: f"{found[1]}{made.get(found['name'], '')}{found[3]}", text)


if __name__ == "__main__":
    typer.run(main)

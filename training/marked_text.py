"""Replaces the part of a page that is written by code, between two marks, and keeps the rest."""

from collections.abc import Iterable
from pathlib import Path


def replace_between(path: Path, begin: str, end: str, lines: Iterable[str]) -> None:
    """Put the lines between the marks; a page without them gets both at its end, a missing page is made."""
    page = path.read_text("utf-8") if path.is_file() else "# Model card\n"
    if begin not in page:
        page = f"{page.rstrip()}\n\n{begin}\n{end}\n"
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join((f"{before}{begin}", "", *lines, f"{end}{after}")), "utf-8")

"""Reads Markdown as the tests of the documentation need it: headings, code blocks, tables, links."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[3]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Page:
    """One Markdown file; `prose` is its text without the code blocks."""

    path: Path
    text: str

    @property
    def code_blocks(self) -> list[tuple[str, str]]:
        """Language and body of each block, in order."""
        return [(language, body) for language, body in _FENCE.findall(self.text)]

    @property
    def prose(self) -> str:
        return _FENCE.sub("", self.text)

    @property
    def headings(self) -> list[tuple[int, str]]:
        """Level (1 is the title) and text."""
        return [(len(marks), title.strip()) for marks, title in _HEADING.findall(self.prose)]

    @property
    def rows(self) -> list[list[str]]:
        """The cells of every table row, the header and the separator left out."""
        lines = self.prose.splitlines()
        separators = {at for at, line in enumerate(lines) if re.fullmatch(r"\|[-:| ]+\|", line.strip())}
        kept = [line for at, line in enumerate(lines) if line.startswith("|") and not {at, at + 1} & separators]
        return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in kept]

    @property
    def links(self) -> list[str]:
        """Where the links and pictures lead, as written."""
        return _LINK.findall(self.prose)


def read_page(path: Path) -> Page:
    """The file at `path`, or at that path below the repository."""
    file = ROOT / path
    return Page(file, file.read_text(encoding="utf-8"))

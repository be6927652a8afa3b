"""docs/asvs.md has each requirement of ASVS 5.0 levels 1 and 2 once; what it names exists; its totals are right.

The numbers and levels are those of version 5.0.0, by section: the last number of level 1, then those of level 2.
"""

import re
from collections import Counter
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.unit.docs.markdown import read_page
from tests.unit.docs.named_tests import exists

STATES: Final = ("met", "not met", "not applicable")
# How many of level 1, which come first in each section, and how many of level 2.
SECTIONS: Final = {
    "V1.1": (0, 2), "V1.2": (5, 4), "V1.3": (2, 9), "V1.4": (0, 3), "V1.5": (1, 1),
    "V2.1": (1, 2), "V2.2": (2, 1), "V2.3": (1, 3), "V2.4": (0, 1),
    "V3.2": (2, 0), "V3.3": (1, 3), "V3.4": (2, 4), "V3.5": (3, 2), "V3.7": (0, 2),
    "V4.1": (1, 2), "V4.2": (0, 1), "V4.3": (0, 2), "V4.4": (1, 3),
    "V5.1": (0, 1), "V5.2": (2, 1), "V5.3": (2, 0), "V5.4": (0, 3),
    "V6.1": (1, 2), "V6.2": (8, 4), "V6.3": (2, 2), "V6.4": (2, 2), "V6.5": (0, 5), "V6.6": (0, 3), "V6.8": (0, 4),
    "V7.1": (0, 3), "V7.2": (4, 0), "V7.3": (0, 2), "V7.4": (2, 3), "V7.5": (0, 2), "V7.6": (0, 2),
    "V8.1": (1, 1), "V8.2": (2, 1), "V8.3": (1, 0), "V8.4": (0, 1),
    "V9.1": (3, 0), "V9.2": (1, 3),
    "V10.1": (0, 2), "V10.2": (0, 2), "V10.3": (0, 4), "V10.4": (5, 6), "V10.5": (0, 5), "V10.6": (0, 2),
    "V10.7": (0, 3),
    "V11.1": (0, 2), "V11.2": (0, 3), "V11.3": (2, 1), "V11.4": (1, 3), "V11.5": (0, 1), "V11.6": (0, 1),
    "V12.1": (1, 2), "V12.2": (2, 0), "V12.3": (0, 4),
    "V13.1": (0, 1), "V13.2": (0, 5), "V13.3": (0, 2), "V13.4": (1, 4),
    "V14.1": (0, 2), "V14.2": (1, 3), "V14.3": (1, 2),
    "V15.1": (1, 2), "V15.2": (1, 2), "V15.3": (1, 6),
    "V16.1": (0, 1), "V16.2": (0, 5), "V16.3": (0, 4), "V16.4": (0, 3), "V16.5": (0, 3),
    "V17.1": (0, 1), "V17.2": (0, 4), "V17.3": (0, 2),
}  # fmt: skip
LEVELS: Final = {
    f"{section}.{number}": 1 if number <= first else 2
    for section, (first, second) in SECTIONS.items()
    for number in range(1, first + second + 1)
}


class Row(NamedTuple):
    """One row of the table, which may hold several requirements."""

    numbers: list[str]
    level: str
    state: str
    here: str
    where: list[str]


def _rows() -> list[Row]:
    cells = [row for row in read_page(Path("docs/asvs.md")).rows if row[0].startswith("V")]
    return [Row(_numbers(row[0]), row[1], row[2], row[3], re.findall(r"`([^`]+)`", row[4])) for row in cells]


def _numbers(text: str) -> list[str]:
    """`V1.2.6, V1.2.7` and `V6.2.1 to V6.2.8`."""
    found: list[str] = []
    for part in text.split(", "):
        first, _, last = part.partition(" to ")
        section, _, start = first.rpartition(".")
        found += [f"{section}.{number}" for number in range(int(start), int((last or first).rpartition(".")[2]) + 1)]
    return found


def test_every_requirement_has_its_level_once() -> None:
    assert (len(LEVELS), Counter(LEVELS.values())) == (253, {1: 70, 2: 183})
    listed = [(number, int(row.level)) for row in _rows() for number in row.numbers]
    assert listed == list(LEVELS.items()), "in the standard's order, each once"


def test_every_row_has_a_state_and_says_what_is_done() -> None:
    rows = _rows()
    assert {row.state for row in rows} == set(STATES)
    assert [row.numbers for row in rows if len(row.here) < 3] == []
    assert [row.numbers for row in rows if row.state == "met" and not row.where] == []
    assert [row.numbers for row in rows if row.state != "not applicable" and len(row.numbers) > 1] == []


@pytest.mark.parametrize("name", sorted({name for row in _rows() for name in row.where}))
def test_what_is_named_exists(name: str) -> None:
    assert exists(name)


def test_the_totals_on_the_page_are_right() -> None:
    counted = Counter((LEVELS[number], row.state) for row in _rows() for number in row.numbers)
    page = read_page(Path("docs/security.md"))
    totals = {row[0]: [int(cell) for cell in row[1:]] for row in page.rows if row[0] in {"level 1", "level 2"}}
    expected = {f"level {level}": [counted[level, state] for state in STATES] for level in (1, 2)}
    assert totals == {name: [*counts, sum(counts)] for name, counts in expected.items()}


def test_the_page_lists_what_is_not_met() -> None:
    """Under its heading security.md names each requirement that is not met."""
    section = read_page(Path("docs/security.md")).text.split("## OWASP ASVS", 1)[1].split("\n## ", 1)[0]
    listed = set(re.findall(r"\bV\d+\.\d+\.\d+\b", section))
    assert listed == {number for row in _rows() if row.state == "not met" for number in row.numbers}

"""docs/security.md: the tests that hold its promises and repel its attacks exist."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.unit.docs.markdown import ROOT, Page, read_page
from tests.unit.docs.named_tests import exists

PAGE: Final = Path("docs/security.md")


def _section(heading: str) -> list[list[str]]:
    page = read_page(PAGE)
    text = page.text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return Page(page.path, text).rows


PROMISES: Final = [row for row in _section("What is promised") if row[0] != "promise"]
ATTACKS: Final = [row for row in _section("What was attacked") if row[0].isdecimal()]


def test_every_promise_names_tests_that_exist() -> None:
    assert len(PROMISES) > 8
    named = {path for row in PROMISES for path in re.findall(r"`([^`]+)`", row[1])}
    assert {path for path in named if not (ROOT / "tests" / path).exists()} == set()


def test_every_point_has_an_attack() -> None:
    assert {int(row[0]) for row in ATTACKS} == set(range(1, 16))


@pytest.mark.parametrize("row", ATTACKS, ids=lambda row: f"{row[0]} {row[1][:30]}")
def test_an_attack_has_its_figures_and_a_test_or_the_reason_for_none(row: list[str]) -> None:
    _, attack, before, after, test = row
    assert all((attack, before, after))
    names = re.findall(r"`([^`]+)`", test)
    assert names or test.startswith("none")
    assert [name for name in names if not exists(name)] == []

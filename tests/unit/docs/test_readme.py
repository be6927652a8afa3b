"""README.ru.md says what README.md says: the same commands, table figures, links and headings in the same order."""

import re
from pathlib import Path

import pytest

from tests.unit.docs.markdown import Page, read_page

HEADINGS = (
    ("Turnstile", "Turnstile"),
    ("Two commands", "Две команды"),
    ("What it looks like", "Как это выглядит"),
    ("In the hospital's network", "В сети больницы"),  # noqa: RUF001
    ("More than one machine", "Больше одной машины"),
    ("How good", "Насколько точно"),
    ("How fast", "Насколько быстро"),
    ("What it does not do", "Чего программа не делает"),
    ("Documentation", "Документация"),
    ("Licence", "Лицензия"),
)


@pytest.fixture(scope="module")
def english() -> Page:
    return read_page(Path("README.md"))


@pytest.fixture(scope="module")
def russian() -> Page:
    return read_page(Path("README.ru.md"))


def test_every_heading_has_its_counterpart(english: Page, russian: Page) -> None:
    assert [title for _, title in english.headings] == [pair[0] for pair in HEADINGS]
    assert [title for _, title in russian.headings] == [pair[1] for pair in HEADINGS]
    assert [level for level, _ in english.headings] == [level for level, _ in russian.headings]


def test_the_code_blocks_are_the_same(english: Page, russian: Page) -> None:
    assert len(english.code_blocks) >= 6
    assert english.code_blocks == russian.code_blocks


def test_the_tables_hold_the_same_figures(english: Page, russian: Page) -> None:
    assert len(english.rows) == 7
    assert _figures(english) == _figures(russian)


def test_the_links_are_the_same_but_for_the_other_language(english: Page, russian: Page) -> None:
    assert "README.ru.md" in english.links
    assert "README.md" in russian.links
    other = {"README.md", "README.ru.md"}
    assert sorted(set(english.links) - other) == sorted(set(russian.links) - other)


def test_both_say_that_it_is_no_medical_device(english: Page, russian: Page) -> None:
    assert "**Turnstile is no medical device.**" in english.prose
    assert "**Turnstile не является медицинским изделием.**" in russian.prose


def _figures(page: Page) -> list[list[str]]:
    """The numbers of each cell after the first, which holds words."""
    return [[re.sub(r"[^\d.()-]", "", cell) for cell in row[1:]] for row in page.rows]

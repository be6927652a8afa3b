"""Relative links of the documentation lead to files that exist; decisions are numbered from 1 without holes."""

import re
from pathlib import Path

import pytest

from tests.unit.docs.markdown import ROOT, read_page

PAGES = [
    ROOT / "README.md",
    ROOT / "README.ru.md",
    ROOT / "CHANGELOG.md",
    ROOT / "benchmarks/README.md",
    *ROOT.glob("docs/**/*.md"),
]
DECISIONS = sorted(ROOT.glob("docs/adr/[0-9]*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_files(page: Path) -> None:
    targets = [link.split("#")[0] for link in read_page(page).links if not re.match(r"\w+:", link)]
    missing = [target for target in targets if target and not (page.parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_anchors_lead_to_headings(page: Path) -> None:
    linked = [link.split("#") for link in read_page(page).links if "#" in link and not re.match(r"\w+:", link)]
    missing = [
        f"{file}#{anchor}" for file, anchor in linked if anchor not in _anchors(page.parent / file if file else page)
    ]
    assert missing == []


def test_decisions_are_numbered_without_holes() -> None:
    assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    for page in DECISIONS:
        assert read_page(page).headings[0][1].startswith(f"{int(page.name[:4])}. ")


def test_the_list_of_decisions_names_each_by_its_title() -> None:
    listed = [(re.findall(r"\((.+)\)", link)[0], title) for link, title in read_page(Path("docs/adr/README.md")).rows]
    titles = [read_page(page).headings[0][1].split(". ", 1)[1] for page in DECISIONS]
    assert listed == [(page.name, title) for page, title in zip(DECISIONS, titles, strict=True)]


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = (title.lower().replace("`", "") for _, title in read_page(page).headings)
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}

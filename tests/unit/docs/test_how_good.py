"""The figures of README's "How good" are those of the model card, as its tables were last written."""

import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from tests.unit.docs.markdown import Page, read_page

HUNDREDTH = Decimal("0.01")
CARD = Path("docs/model-card.md")
READMES = {Path("README.md"): "How good", Path("README.ru.md"): "Насколько точно"}


def section(path: Path, title: str) -> Page:
    """The part of a page under a heading of the second level; its lines are joined where they are prose."""
    page = read_page(path)
    start = page.text.index(f"## {title}\n")
    end = page.text.find("\n## ", start)
    return Page(page.path, page.text[start : None if end < 0 else end])


def row_of(title: str, *cells: str) -> list[str]:
    """The card's first row of that section that begins with these cells."""
    return next(row for row in section(CARD, title).rows if [cell.strip("*") for cell in row[: len(cells)]] == [*cells])


def rounded(cell: str) -> str:
    """0.914 (0.859-0.956) as 0.91 (0.86-0.96)."""
    return re.sub(r"\d+\.\d+", lambda found: str(Decimal(found[0]).quantize(HUNDREDTH, ROUND_HALF_UP)), cell)


def found_of(diameter: str) -> tuple[int, int]:
    """How many of the painted solid lesions of a diameter were found, of how many."""
    share, count = re.findall(r"[\d.]+", row_of("Painted lesions found", diameter)[1])[::3]
    return round(float(share) * int(count)), int(count)


@pytest.fixture(params=READMES.items(), ids=["en", "ru"])
def how_good(request: pytest.FixtureRequest) -> Page:
    return section(*request.param)


def test_single_slices(how_good: Page) -> None:
    told = how_good.rows[0][1:]
    sets = ("emphysema", "iq_oth_nccd")
    assert told == [rounded(row_of("Single slices, test patients", "classifier, five views", name)[4]) for name in sets]


def test_whole_studies_their_margin_and_their_changes(how_good: Page) -> None:
    studies = section(CARD, "Whole studies as served").rows
    normal = [float(row[3]) for row in studies if row[1:3] == ["normal", "normal"]]
    ill = [row for row in studies if row[1:3] == ["pathology", "pathology"]]
    in_force = section(CARD, "Whole studies as served").text.partition("operating point ")[2].split()[0]
    threshold = row_of("Operating points, composed test studies", in_force)[1]
    _, _, pairs, flips, *_ = row_of("Stability of the verdict", "all")
    told = " ".join(how_good.text.split())
    assert (len(studies), len(normal), len(ill)) == (4, 2, 2), "the prose counts them in words"
    assert rounded(str(max(normal))) in told
    assert rounded(threshold) in told
    assert f" {pairs} " in told
    assert round(float(flips.split()[0]) * int(pairs)) == 4, "the prose counts it in words"


def test_painted_lesions(how_good: Page) -> None:
    told = re.split("Solid lesions|Солидные очаги", how_good.text)[1].partition("82")[0]
    numbers = [int(number) for number in re.findall(r"(?<![\d.])\d+(?![\d.])", told)]
    figures = [number for size in (40, 20, 10, 6) for number in (*found_of(f"{size} mm"), size)]
    assert sorted(numbers) == sorted(figures), "in an order of each language"

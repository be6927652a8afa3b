"""The report as PDF: its text, read back from the file, and an image of it in the output folder."""

from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest

from screening.phantom.phantom_study import write_phantom
from tests.integration.gateway.analyses.scan_calls import Scans


@pytest.fixture(scope="module")
def chest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic chest with a pleural effusion."""
    path = tmp_path_factory.mktemp("chest") / "chest.zip"
    return write_phantom(path, slices=32, size=256, effusion=True)


def read_back(data: bytes) -> tuple[str, int]:
    """The text of the first page, with single spaces, and how many pages there are."""
    document = pypdfium2.PdfDocument(BytesIO(data))
    try:
        return " ".join(document[0].get_textpage().get_text_bounded().split()), len(document)
    finally:
        document.close()


def drawn(data: bytes, target: Path) -> None:
    document = pypdfium2.PdfDocument(BytesIO(data))
    try:
        document[0].render(scale=1.5).to_pil().save(target)
    finally:
        document.close()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Chest CT screening", "Erika Mustermann", "Operating point", "Key slice", "no medical device"]),
        ("ru", ["Скрининг", "Erika Mustermann", "Рабочая точка", "Ключевой срез"]),
    ],
)
def test_a_page_says_what_the_report_says(
    scans: Scans, chest: Path, out_dir: Path, language: str, words: list[str]
) -> None:
    scan = scans.add(chest)
    analysis = scans.analysed(scan)
    answer = scans.call("GET", scan, f"report?format=pdf&lang={language}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    text, pages = read_back(answer.content)
    report = scans.report(scan)
    assert pages == 1
    for word in [*words, f"{report['probability']:.3f}", report["model_card"], analysis["id"], "study.zip"]:
        assert word in text
    assert b"/Subtype /Image" in answer.content
    drawn(answer.content, out_dir / f"report-{language}.png")


def test_a_study_that_was_not_analysed_has_a_page_with_the_reason(scans: Scans, text: Path, out_dir: Path) -> None:
    scan = scans.add(text)
    scans.analysed(scan)
    data = scans.call("GET", scan, "report?format=pdf").content
    told, _ = read_back(data)
    assert "Not analysed" in told
    assert "not_dicom" in told
    assert "Probability" not in told
    drawn(data, out_dir / "report-not-analysed.png")

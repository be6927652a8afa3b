"""A radiologist's work: upload a folder, follow the progress, read report and slices, give feedback, download."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from screening.phantom.phantom_study import write_phantom
from tests.conftest import REAL_DATA
from tests.e2e.conftest import OpenPage
from tests.e2e.ui_text import ui_text
from tests.e2e.viewing import Viewer


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a real study; a phantom where the real data are missing."""
    real = REAL_DATA / "dicom" / "cap001"
    return real if real.is_dir() else write_phantom(tmp_path_factory.mktemp("study") / "study", slices=48, size=256)


def test_from_a_folder_to_an_agreed_report(open_page: OpenPage, study: Path, out_dir: Path) -> None:
    page = open_page("/upload", width=1920, height=1080)
    _make_patient(page, "Journey", "Anna")
    page.locator("input[webkitdirectory]").set_input_files(study)
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.wait_for_url("**/scans/*", timeout=180_000)

    expect(page.get_by_role("complementary")).to_contain_text(ui_text("report:probability.title"))
    viewer = Viewer(page)
    start = viewer.slice()
    viewer.page.mouse.move(*viewer.at(0.5, 0.5))
    viewer.page.mouse.wheel(0, 120)
    viewer.press("ArrowDown")
    assert viewer.slice() == start - 2
    viewer.press("k")
    viewer.settled()
    page.screenshot(path=out_dir / "journey.png")

    page.get_by_role("button", name=ui_text("report:feedback.agree"), exact=True).click()
    given = ui_text("report:feedback.given.agree", date="").strip(", ")
    expect(page.get_by_text(given)).to_be_visible()
    assert _downloaded(page, ui_text("report:downloads.json"))["studies"][0]["verdict"] in ("normal", "pathology")
    page.reload()
    expect(page.get_by_text(given)).to_be_visible()


def test_several_uploads_all_appear_in_the_list(open_page: OpenPage, phantom: Path) -> None:
    page = open_page("/upload")
    _make_patient(page, "Several", "Ben")
    page.locator("input[type=file]:not([webkitdirectory])").set_input_files([phantom, phantom])
    expect(page.get_by_role("link", name=ui_text("upload:report"))).to_have_count(2, timeout=180_000)


def _make_patient(page: Page, last_name: str, first_name: str) -> None:
    page.get_by_label(ui_text("upload:patient.create")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(ui_text("patients:fields.last_name")).fill(last_name)
    dialog.get_by_label(ui_text("patients:fields.first_name")).fill(first_name)
    dialog.get_by_role("button", name=ui_text("common:actions.save")).click()
    expect(dialog).to_have_count(0)


def _downloaded(page: Page, item: str) -> dict[str, list[dict[str, str]]]:
    page.get_by_role("button", name=ui_text("report:downloads.title")).click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=item).click()
    body: dict[str, list[dict[str, str]]] = json.loads(Path(download.value.path()).read_text("utf-8"))
    return body

"""Every page passes axe (WCAG 2.2 A and AA) in both colour schemes; the screenshots are for people."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.axe import violations
from tests.e2e.conftest import OpenPage
from tests.e2e.ui_text import ui_text
from tests.e2e.viewing import Viewer

PAGES = (
    "worklist",
    "patients",
    "upload",
    "statistics",
    "network",
    "network?part=rules",
    "network?part=destinations",
)
SIZES = {"dark": (1280, 800), "light": (1920, 1080)}


@pytest.mark.parametrize("colours", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_passes_axe(open_page: OpenPage, scan: str, out_dir: Path, name: str, colours: str) -> None:
    width, height = SIZES[colours]
    page = open_page(f"/{name}", width=width, height=height, colours=colours)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=out_dir / f"{name.replace('?part=', '-')}-{colours}.png")
    assert violations(page) == []


@pytest.mark.parametrize("colours", SIZES)
def test_the_report_and_its_viewer_pass_axe(open_page: OpenPage, scan: str, out_dir: Path, colours: str) -> None:
    width, height = SIZES[colours]
    viewer = Viewer(open_page(f"/scans/{scan}", width=width, height=height, colours=colours))
    viewer.press("t", "l")
    viewer.settled()
    expect(viewer.page.get_by_test_id("lung-outline").first).to_be_attached()
    expect(viewer.page.get_by_text(ui_text("viewer:waiting"))).to_have_count(0)
    viewer.page.screenshot(path=out_dir / f"viewer-{colours}.png")
    assert violations(viewer.page) == []
    viewer.press("?")
    expect(viewer.page.get_by_role("dialog")).to_be_visible()
    viewer.page.wait_for_timeout(300)  # it fades in; axe measures contrast
    assert violations(viewer.page) == []

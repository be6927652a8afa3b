"""Russian and English: the whole page uses one language, from its first paint on."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenPage
from tests.e2e.ui_text import LANGUAGES, ui_text
from tests.e2e.viewing import Viewer

PAGES = ("worklist", "patients", "upload", "statistics")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_in_the_users_language(open_page: OpenPage, name: str, language: str) -> None:
    page = open_page(f"/{name}", language=language)
    expect(page.get_by_role("heading", level=1)).to_have_text(ui_text(f"{name}:title", language))
    expect(page.get_by_text(ui_text("common:noMedicalDevice", language))).to_be_visible()
    assert page.locator("html").get_attribute("lang") == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_viewer_is_in_the_users_language(open_page: OpenPage, scan: str, language: str) -> None:
    viewer = Viewer(open_page(f"/scans/{scan}", language=language), language)
    expect(viewer.page.get_by_text(viewer.text("three"), exact=True)).to_be_visible()
    expect(viewer.pane()).to_have_attribute("aria-label", re.compile(viewer.text("planes.axial")))


def test_the_chosen_language_is_kept_after_a_reload(open_page: OpenPage) -> None:
    page = open_page("/worklist")
    page.locator("label[for$='-ru']").click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(ui_text("worklist:title", "ru"))
    page.reload()
    assert page.locator("html").get_attribute("lang") == "ru"
    expect(heading).to_have_text(ui_text("worklist:title", "ru"))

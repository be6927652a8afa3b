"""Russian and English: the whole page speaks one of them, from its first paint, and goes on speaking it."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Window
from tests.e2e.ui_text import LANGUAGES, words
from tests.e2e.viewing import Viewer

PAGES = ("worklist", "patients", "upload", "statistics")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_speaks_the_readers_language(window: Window, name: str, language: str) -> None:
    page = window(f"/{name}", language=language)
    expect(page.get_by_role("heading", level=1)).to_have_text(words(f"{name}:title", language))
    expect(page.get_by_text(words("common:noMedicalDevice", language))).to_be_visible()
    assert page.locator("html").get_attribute("lang") == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_viewer_speaks_it_too(window: Window, scan: str, language: str) -> None:
    viewer = Viewer(window(f"/scans/{scan}", language=language), language)
    expect(viewer.page.get_by_text(viewer.text("three"), exact=True)).to_be_visible()
    expect(viewer.pane()).to_have_attribute("aria-label", re.compile(viewer.text("planes.axial")))


def test_the_other_language_stays_after_a_reload(window: Window) -> None:
    page = window("/worklist")
    page.locator("label[for$='-ru']").click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(words("worklist:title", "ru"))
    page.reload()
    assert page.locator("html").get_attribute("lang") == "ru"
    expect(heading).to_have_text(words("worklist:title", "ru"))

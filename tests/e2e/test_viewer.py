"""The viewer with the phantom, whose two sides differ: orientation, keys and mouse."""

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenPage
from tests.e2e.viewing import Viewer

RADIOLOGICAL = {
    "axial": {"left": "R", "right": "L", "top": "A", "bottom": "P"},
    "coronal": {"left": "R", "right": "L", "top": "S", "bottom": "I"},
    "sagittal": {"left": "A", "right": "P", "top": "S", "bottom": "I"},
}


@pytest.fixture
def viewer(open_page: OpenPage, scan: str) -> Viewer:
    viewer = Viewer(open_page(f"/scans/{scan}"))
    viewer.settled()
    return viewer


def test_opens_on_the_key_slice_in_the_lung_window(viewer: Viewer) -> None:
    assert "W 1500" in viewer.pane().inner_text()
    expect(viewer.page.locator("[data-key=true]")).to_have_attribute("aria-current", "true")


def test_the_orientation_letters_are_radiological(viewer: Viewer) -> None:
    viewer.press("t")
    assert {plane: viewer.letters(plane) for plane in RADIOLOGICAL} == RADIOLOGICAL


def test_the_heart_is_on_the_right_of_the_screen(viewer: Viewer) -> None:
    """In the soft window the heart is grey and the lungs are black: more grey to the patient's left."""
    viewer.choose_map("none")
    viewer.press("2")
    viewer.to_slice(18)
    viewer.settled()
    soft = viewer.pixels()[..., 0] > 60
    rows, columns = soft.shape
    band = soft[rows * 2 // 5 : rows // 2, columns * 3 // 10 : columns * 7 // 10]  # between the walls of the chest
    left, right = np.array_split(band, 2, axis=1)
    assert right.sum() > 1.2 * left.sum()


def test_wheel_and_keys_scroll(viewer: Viewer) -> None:
    start = viewer.slice()
    viewer.page.mouse.move(*viewer.at(0.5, 0.5))
    viewer.page.mouse.wheel(0, 120)
    expect(viewer.page.get_by_text(f"{start - 1} / 48")).to_be_visible()
    viewer.press("ArrowUp", "ArrowUp")
    assert viewer.slice() == start + 1
    viewer.press("End")
    assert viewer.slice() == 48
    viewer.press("k")
    assert viewer.slice() == start


def test_presets_and_a_drag_change_the_window(viewer: Viewer) -> None:
    lung = viewer.pixels()
    viewer.press("2")
    assert "W 400 L 40" in viewer.pane().inner_text()
    assert np.abs(viewer.pixels() - lung).mean() > 10
    viewer.drag((0.4, 0.5), (0.5, 0.5))
    assert "W 400 L 40" not in viewer.pane().inner_text()
    viewer.press("3")
    assert "W 2500 L 480" in viewer.pane().inner_text()


def test_the_heatmap_colours_pixels_by_its_opacity(viewer: Viewer) -> None:
    viewer.choose_map("activation")
    shown = _colour(viewer)
    viewer.press("]", "]")
    stronger = _colour(viewer)
    viewer.choose_map("none")
    assert _colour(viewer) == 0
    assert stronger > shown > 0


def test_the_error_map_differs_from_the_heatmap(viewer: Viewer) -> None:
    viewer.choose_map("activation")
    activation = viewer.pixels()
    viewer.choose_map("error")
    assert np.abs(viewer.pixels() - activation).max() > 10
    viewer.press("h")
    expect(viewer.page.get_by_label(viewer.text("heatmaps.none"), exact=True)).to_be_checked()


def test_the_lungs_have_an_outline(viewer: Viewer) -> None:
    expect(viewer.page.get_by_test_id("lung-outline")).to_have_count(0)
    viewer.press("l")
    path = viewer.page.get_by_test_id("lung-outline")
    expect(path).to_have_count(1)
    assert (path.get_attribute("d") or "").count("M") >= 2  # both lungs


def test_a_measurement_is_in_mm(viewer: Viewer) -> None:
    """The phantom's field of view is 400 mm wide, and the pane shows all of it along its shorter side."""
    viewer.press("m")
    box = viewer.pane().bounding_box()
    assert box is not None
    across = min(box["width"], box["height"]) / box["width"]
    viewer.drag((0.5, 0.5), (0.5 + across / 4, 0.5))
    text = viewer.page.get_by_test_id("measurement").text_content() or ""
    assert float(text.split()[0]) == pytest.approx(100, abs=3)
    viewer.press("Backspace")
    expect(viewer.page.get_by_test_id("measurement")).to_have_count(0)


def test_hu_under_the_pointer(viewer: Viewer) -> None:
    viewer.page.mouse.move(*viewer.at(0.5, 0.02))
    under = viewer.page.get_by_test_id("hu-axial")
    expect(under).to_contain_text("HU")
    assert int(under.inner_text().split()[0]) < -900  # air before the chest


def test_zoom_pan_and_reset(viewer: Viewer) -> None:
    whole = viewer.pixels()
    viewer.press("=", "=")
    closer = viewer.pixels()
    viewer.press("p")
    viewer.drag((0.5, 0.5), (0.6, 0.6))
    moved = viewer.pixels()
    viewer.press("r")
    assert np.abs(closer - whole).mean() > 1 < np.abs(moved - closer).mean()
    assert np.abs(viewer.pixels() - whole).max() == 0


def test_a_click_on_a_score_bar_shows_its_slice(viewer: Viewer) -> None:
    bar = viewer.page.get_by_label(viewer.text("scores.label")).get_by_role("button").first
    bar.click()
    expect(bar).to_have_attribute("aria-current", "true")
    viewer.page.wait_for_url(f"**slice={viewer.slice() - 1}")
    viewer.page.reload()
    assert Viewer(viewer.page).slice() == 1 + int(viewer.page.url.rpartition("slice=")[2])


def test_the_help_lists_the_keys_and_returns_the_focus(viewer: Viewer) -> None:
    viewer.press("?")
    help_ = viewer.page.get_by_role("dialog", name=viewer.text("help.title"))
    expect(help_).to_be_visible()
    viewer.page.keyboard.press("Escape")
    expect(help_).to_have_count(0)
    expect(viewer.page.get_by_role("application")).to_be_focused()


def test_help_closed_at_once_returns_the_focus(viewer: Viewer) -> None:
    """Escape before the dialog has received the focus: it must not get the focus while it closes."""
    stage = viewer.page.get_by_role("application")
    stage.focus()
    viewer.page.evaluate(CLOSED_AS_SOON_AS_SHOWN)
    expect(viewer.page.get_by_role("dialog")).to_have_count(0)
    expect(stage).to_be_focused()


CLOSED_AS_SOON_AS_SHOWN = """() => new Promise((closed) => {
    const press = (code, key) => document.activeElement.dispatchEvent(
        new KeyboardEvent("keydown", { code, key, bubbles: true, cancelable: true }));
    new MutationObserver((_, observer) => {
        if (!document.querySelector("[role=dialog]")) return;
        observer.disconnect();
        press("Escape", "Escape");
        setTimeout(closed, 50);
    }).observe(document.body, { childList: true, subtree: true });
    press("Slash", "?");
})"""


def test_a_failed_heatmap_shows_an_error_and_keeps_the_slices(open_page: OpenPage, scan: str) -> None:
    page = open_page("/worklist")
    page.route("**/heatmap.nii.gz*", lambda route: route.fulfill(status=200, body=b"no gzip at all"))
    page.goto(f"/scans/{scan}")
    viewer = Viewer(page)
    page.get_by_text(viewer.text("heatmaps.error"), exact=True).click()
    expect(page.get_by_text(viewer.text("problems.decode"))).to_be_visible()
    viewer.settled()
    assert viewer.pixels().max() > 100


def test_a_failed_series_shows_an_error_and_a_retry(open_page: OpenPage, scan: str) -> None:
    page = open_page("/worklist")
    page.route("**/series*", lambda route: route.abort())
    page.goto(f"/scans/{scan}")
    again = page.get_by_role("alert").get_by_role("button")
    expect(again).to_be_visible()
    page.unroute("**/series*")
    again.click()
    Viewer(page).settled()


def _colour(viewer: Viewer) -> float:
    """How far the pixels are from grey."""
    pixels = viewer.pixels()
    return float((pixels.max(axis=2) - pixels.min(axis=2)).mean())

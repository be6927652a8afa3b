"""The statistics page: the operating points, and a change of the active one in two steps."""

from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import OpenPage
from tests.e2e.ui_text import ui_text


def test_another_operating_point_is_chosen_by_typing_its_threshold(open_page: OpenPage) -> None:
    page = open_page("/statistics")
    before = _used(page)
    other = _names(_others(page).first)
    _change_to(page, *other)
    page.reload()
    assert _used(page) == other
    _change_to(page, *before)  # the service is shared: other tests expect the model card's point


def test_a_cancelled_choice_changes_nothing_and_returns_the_focus(open_page: OpenPage) -> None:
    page = open_page("/statistics")
    before, (name, _) = _used(page), _names(_others(page).first)
    _choose(page, name)
    page.get_by_role("dialog").get_by_role("button", name=ui_text("common:actions.cancel")).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    choose = _row(page, name).get_by_role("button", name=ui_text("statistics:points.choose"))
    expect(choose).to_be_focused()
    page.reload()
    assert _used(page) == before


def _others(page: Page) -> Locator:
    """The rows of the points that are not in use."""
    return _rows(page).filter(has=page.get_by_role("button", name=ui_text("statistics:points.choose")))


def _used(page: Page) -> tuple[str, str]:
    return _names(_rows(page).filter(has_text=ui_text("statistics:points.inUse")))


def _rows(page: Page) -> Locator:
    return page.get_by_role("table", name=ui_text("statistics:points.title")).locator("tbody tr")


def _row(page: Page, name: str) -> Locator:
    return _rows(page).filter(has_text=name)


def _names(row: Locator) -> tuple[str, str]:
    """The point's name and its threshold, as they are shown."""
    name, threshold = row.locator("td").nth(0), row.locator("td").nth(1)
    return name.inner_text().removesuffix(ui_text("statistics:points.inUse")).strip(), threshold.inner_text()


def _choose(page: Page, name: str) -> None:
    _row(page, name).get_by_role("button", name=ui_text("statistics:points.choose")).click()


def _change_to(page: Page, name: str, threshold: str) -> None:
    """Both steps; the second needs the exact threshold."""
    _choose(page, name)
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=ui_text("statistics:chooseDialog.next")).click()
    confirm = dialog.get_by_role("button", name=ui_text("statistics:chooseDialog.confirm"))
    typed = dialog.get_by_label(ui_text("statistics:chooseDialog.againText", threshold=threshold))
    typed.fill(f"{threshold}5")
    expect(confirm).to_be_disabled()
    typed.fill(threshold)
    confirm.click()
    expect(dialog).to_have_count(0)
    expect(_row(page, name)).to_contain_text(ui_text("statistics:points.inUse"))

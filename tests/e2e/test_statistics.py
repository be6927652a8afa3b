"""The chief's room: the operating points, and the one in use changed in two deliberate steps."""

from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Window
from tests.e2e.ui_text import words


def test_another_operating_point_is_chosen_by_typing_its_threshold(window: Window) -> None:
    page = window("/statistics")
    before = _used(page)
    other = _names(_others(page).first)
    _change_to(page, *other)
    page.reload()
    assert _used(page) == other
    _change_to(page, *before)  # the house is shared: other tests expect the card's own point


def test_a_choice_not_made_changes_nothing_and_the_focus_comes_back(window: Window) -> None:
    page = window("/statistics")
    before, (name, _) = _used(page), _names(_others(page).first)
    _choose(page, name)
    page.get_by_role("dialog").get_by_role("button", name=words("common:actions.cancel")).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    choose = _row(page, name).get_by_role("button", name=words("statistics:points.choose"))
    expect(choose).to_be_focused()
    page.reload()
    assert _used(page) == before


def _others(page: Page) -> Locator:
    """The rows of the points that are not in use."""
    return _rows(page).filter(has=page.get_by_role("button", name=words("statistics:points.choose")))


def _used(page: Page) -> tuple[str, str]:
    return _names(_rows(page).filter(has_text=words("statistics:points.inUse")))


def _rows(page: Page) -> Locator:
    return page.get_by_role("table", name=words("statistics:points.title")).locator("tbody tr")


def _row(page: Page, name: str) -> Locator:
    return _rows(page).filter(has_text=name)


def _names(row: Locator) -> tuple[str, str]:
    """The point's name and its threshold, as they are shown."""
    name, threshold = row.locator("td").nth(0), row.locator("td").nth(1)
    return name.inner_text().removesuffix(words("statistics:points.inUse")).strip(), threshold.inner_text()


def _choose(page: Page, name: str) -> None:
    _row(page, name).get_by_role("button", name=words("statistics:points.choose")).click()


def _change_to(page: Page, name: str, threshold: str) -> None:
    """Both steps; the second lets nobody through who types another threshold."""
    _choose(page, name)
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=words("statistics:chooseDialog.next")).click()
    confirm = dialog.get_by_role("button", name=words("statistics:chooseDialog.confirm"))
    typed = dialog.get_by_label(words("statistics:chooseDialog.againText", threshold=threshold))
    typed.fill(f"{threshold}5")
    expect(confirm).to_be_disabled()
    typed.fill(threshold)
    confirm.click()
    expect(dialog).to_have_count(0)
    expect(_row(page, name)).to_contain_text(words("statistics:points.inUse"))

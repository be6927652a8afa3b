"""What goes wrong is told in words, and never ends in a verdict."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from gateway.analyses import retry_policy
from tests.e2e.conftest import Window
from tests.e2e.running_service import new_patient, new_scan, running_house
from tests.e2e.ui_text import words
from tests.integration.gateway.running_gateway import RunningGateway

VERDICTS = [words(f"medicine:verdicts.{verdict}") for verdict in ("normal", "pathology")]


@pytest.fixture
def fragile(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningGateway]:
    """A gateway that gives up soon: its Triton may be hurt."""
    monkeypatch.setattr(retry_policy, "PAUSES_S", ())
    with running_house(tmp_path, deadline_s=20.0, decode_timeout_s=15.0) as running:
        yield running


def test_a_damaged_zip(window: Window, house: RunningGateway, phantom: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(phantom.read_bytes()[:100_000])
    page = window(f"/upload?patient={new_patient(house, 'Damaged')}")
    page.locator("input[type=file]:not([webkitdirectory])").set_input_files(damaged)
    expect(page.get_by_role("alert")).to_contain_text(words("errors:broken_archive.title"), timeout=120_000)
    _no_verdict(page)
    page.goto("/worklist")
    expect(page.get_by_role("row").filter(has_text="damaged.zip")).to_contain_text(words("errors:broken_archive.title"))


def test_triton_stopped(browser: Browser, fragile: RunningGateway, phantom: Path) -> None:
    scan = new_scan(fragile, new_patient(fragile, "Stopped"), phantom, analysed=False)
    fragile.triton.suspend()
    page = browser.new_context(base_url=fragile.url, locale="en-GB").new_page()
    page.goto(f"/scans/{scan}")
    page.get_by_role("button", name=words("report:actions.analyse"), exact=True).click()
    side = page.get_by_role("complementary")
    expect(side.get_by_text(words("errors:engine_deadline.title"))).to_be_visible(timeout=180_000)
    _no_verdict(page)
    fragile.triton.resume()
    page.context.close()


def test_no_way_to_the_gateway(window: Window) -> None:
    page = window("/worklist")
    page.route("**/api/scans*", lambda route: route.abort())
    page.reload()
    told = page.get_by_role("alert")
    expect(told).to_contain_text(words("errors:unreachable.title"))
    page.unroute("**/api/scans*")
    told.get_by_role("button", name=words("common:actions.retry")).click()
    expect(told).to_have_count(0)


def _no_verdict(page: Page) -> None:
    for verdict in VERDICTS:
        expect(page.get_by_role("main").get_by_text(verdict, exact=True)).to_have_count(0)

"""Failures show an error text, and never a verdict."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from gateway.analyses import retry_policy
from tests.e2e.conftest import OpenPage
from tests.e2e.running_service import new_patient, new_scan, running_service
from tests.e2e.ui_text import ui_text
from tests.integration.gateway.running_gateway import RunningGateway

VERDICTS = [ui_text(f"medicine:verdicts.{verdict}") for verdict in ("normal", "pathology")]


@pytest.fixture
def failing_service(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningGateway]:
    """A gateway with short time limits, whose Triton a test may stop."""
    monkeypatch.setattr(retry_policy, "PAUSES_S", ())
    with running_service(tmp_path, deadline_s=20.0, decode_timeout_s=15.0) as running:
        yield running


def test_a_damaged_zip_shows_an_error(
    open_page: OpenPage, service: RunningGateway, phantom: Path, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(phantom.read_bytes()[:100_000])
    page = open_page(f"/upload?patient={new_patient(service, 'Damaged')}")
    page.locator("input[type=file]:not([webkitdirectory])").set_input_files(damaged)
    expect(page.get_by_role("alert")).to_contain_text(ui_text("errors:broken_archive.title"), timeout=120_000)
    _no_verdict(page)
    page.goto("/worklist")
    expect(page.get_by_role("row").filter(has_text="damaged.zip")).to_contain_text(
        ui_text("errors:broken_archive.title")
    )


def test_a_stopped_triton_shows_an_error(browser: Browser, failing_service: RunningGateway, phantom: Path) -> None:
    scan = new_scan(failing_service, new_patient(failing_service, "Stopped"), phantom, analysed=False)
    failing_service.triton.suspend()
    page = browser.new_context(base_url=failing_service.url, locale="en-GB").new_page()
    page.goto(f"/scans/{scan}")
    page.get_by_role("button", name=ui_text("report:actions.analyse"), exact=True).click()
    side = page.get_by_role("complementary")
    expect(side.get_by_text(ui_text("errors:engine_deadline.title"))).to_be_visible(timeout=180_000)
    _no_verdict(page)
    failing_service.triton.resume()
    page.context.close()


def test_an_unreachable_gateway_shows_an_error(open_page: OpenPage) -> None:
    page = open_page("/worklist")
    page.route("**/api/scans*", lambda route: route.abort())
    page.reload()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(ui_text("errors:unreachable.title"))
    page.unroute("**/api/scans*")
    alert.get_by_role("button", name=ui_text("common:actions.retry")).click()
    expect(alert).to_have_count(0)


def _no_verdict(page: Page) -> None:
    for verdict in VERDICTS:
        expect(page.get_by_role("main").get_by_text(verdict, exact=True)).to_have_count(0)

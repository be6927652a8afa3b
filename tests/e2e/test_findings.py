"""What the page says of findings is what the report says: names without numbers where nothing was assessed."""

from typing import Any

import pytest
from playwright.sync_api import expect

from screening.contract import FINDINGS
from tests.e2e.conftest import OpenPage
from tests.e2e.ui_text import LANGUAGES, ui_text
from tests.integration.gateway.running_gateway import RunningGateway


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_finding_is_present_absent_or_said_not_to_be_assessed(
    service: RunningGateway, open_page: OpenPage, scan: str, language: str
) -> None:
    study = _study(service, scan)
    page = open_page(f"/scans/{scan}", language=language)
    section = page.get_by_role("region", name=ui_text("report:findings.title", language), exact=True)
    silent = [one for one in study["findings"] if one["status"] == "not_assessed"]
    summary = section.get_by_text(ui_text("report:findings.silent", language, count=str(len(silent))))
    summary.click()
    names = [ui_text(f"medicine:findings.{one['name']}", language) for one in silent]
    expect(section.get_by_text(", ".join(names))).to_be_visible()
    for one in study["findings"]:
        if one["status"] != "not_assessed":
            row = section.locator("li", has_text=ui_text(f"medicine:findings.{one['name']}", language))
            expect(row).to_contain_text(ui_text(f"report:findings.{one['status']}", language))


def test_the_report_lists_all_sixteen_and_numbers_only_of_those_assessed(service: RunningGateway, scan: str) -> None:
    found = _study(service, scan)["findings"]
    assert sorted(one["name"] for one in found) == sorted(FINDINGS)
    for one in found:
        assert (one["score"] is None) == (one["threshold"] is None) == (one["status"] == "not_assessed")


def _study(service: RunningGateway, scan: str) -> dict[str, Any]:
    with service.client() as client:
        study: dict[str, Any] = client.get(f"/api/scans/{scan}/report").raise_for_status().json()["studies"][0]
        return study

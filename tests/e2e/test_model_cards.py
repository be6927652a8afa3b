"""The model cards of a site on the statistics page: figures before and after, put in force and taken back."""

import asyncio
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from gateway.auth.local_admin import command_line_admin
from gateway.database.connection import Database
from gateway.screening.site_cards import SiteCards
from screening.evaluation.site_calibration import calibrate_site
from screening.evaluation.site_card import site_card
from screening.results.model_card import ModelCard
from tests.e2e.conftest import OpenPage
from tests.e2e.ui_text import ui_text
from tests.integration.gateway.running_gateway import RunningGateway
from tests.unit.screening.evaluation.made_studies import site_studies


@pytest.fixture(scope="module", name="cards")
def fixture_cards(service: RunningGateway) -> Iterator[tuple[str, str]]:
    """The shipped card and one calibrated on made studies; at the end the shipped one is in force again."""
    with service.client() as client:
        shipped: Mapping[str, Any] = client.get("/api/model-card").raise_for_status().json()
        institution = client.get("/api/me").raise_for_status().json()["institution"]
        made = site_card(shipped, calibrate_site(site_studies(60, 60, gap=4.0), ModelCard.from_json(shipped)), {})
        with ThreadPoolExecutor(1) as thread:  # Playwright's event loop has this one
            thread.submit(asyncio.run, _add(service, institution, made, shipped)).result()
        yield shipped["version"], made["version"]
        client.put("/api/model-card", json={"version": shipped["version"]}).raise_for_status()


@pytest.mark.parametrize("language", ["en", "ru"])
def test_an_admin_puts_a_card_in_force_and_takes_it_back(
    open_page: OpenPage, service: RunningGateway, cards: tuple[str, str], language: str
) -> None:
    shipped, made = cards
    page = open_page("/statistics", language=language)
    expect(_row(page, made, language)).to_contain_text("60")  # patients of each class
    for version in (made, shipped):
        _put_in_force(page, version, language)
        expect(_row(page, version, language)).to_contain_text(ui_text("statistics:points.inUse", language))
        with service.client() as client:
            assert client.get("/api/model-card").raise_for_status().json()["version"] == version
            assert client.get("/api/operating-point").raise_for_status().json()["model_card"] == version


def _put_in_force(page: Page, version: str, language: str) -> None:
    choose = ui_text("statistics:cards.choose", language)
    _row(page, version, language).get_by_role("button", name=choose).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(version)
    dialog.get_by_role("button", name=choose).click()
    expect(dialog).to_have_count(0)


def _row(page: Page, version: str, language: str) -> Any:
    table = page.get_by_role("table", name=ui_text("statistics:cards.title", language))
    return table.locator("tbody tr").filter(has_text=version)


async def _add(service: RunningGateway, institution: str, card: Mapping[str, Any], shipped: Mapping[str, Any]) -> None:
    database = Database(service.store.database_url.get_secret_value())
    try:
        await SiteCards(database).add(command_line_admin("tester", institution), card, shipped)
    finally:
        await database.close()

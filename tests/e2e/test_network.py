"""The page of the hospital's network: what came in, rules with their dry run, destinations and deliveries."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.axe import violations
from tests.e2e.conftest import OpenPage
from tests.e2e.ui_text import ui_text
from tests.integration.gateway.gateway_data import in_transaction
from tests.integration.gateway.running_gateway import RunningGateway
from tests.integration.pacs.network_rows import add_network_rows, delete_network_rows


@pytest.fixture(scope="module", name="rows")
def fixture_rows(service: RunningGateway, scan: str) -> Iterator[None]:
    """Studies from the network of the service's institution: one screened, one not, one that still comes."""
    with service.client() as client, ThreadPoolExecutor(1) as thread:  # Playwright's event loop has this one
        institution = client.get("/api/me").raise_for_status().json()["institution"]
        thread.submit(in_transaction, service, lambda session: add_network_rows(session, institution)).result()
        yield
        thread.submit(in_transaction, service, delete_network_rows).result()


@pytest.fixture
def client(service: RunningGateway) -> Iterator[httpx.Client]:
    """The local admin; at the end there are no rules and no destinations."""
    with service.client() as client:
        yield client
        client.put("/api/routing-rules", json={"rules": []}).raise_for_status()
        for one in client.get("/api/destinations").json()["items"]:
            client.delete(f"/api/destinations/{one['id']}").raise_for_status()


@pytest.mark.parametrize("language", ["en", "ru"])
def test_what_came_in_today(open_page: OpenPage, rows: None, language: str) -> None:
    page = open_page("/network", language=language)
    studies = _table(page, "incoming.title", language)
    expect(studies.locator("tbody tr")).to_have_count(3)
    heads = studies.locator("tbody tr").filter(has_text="Skull")
    expect(heads).to_contain_text(ui_text("network:states.not_screened", language))
    expect(heads).to_contain_text(ui_text("network:incoming.byRule", language, name="Heads"))
    expect(studies).to_contain_text(ui_text("network:states.receiving", language))
    expect(_table(page, "senders.title", language)).to_contain_text("CT-ER")
    assert violations(page) == []


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_rule_is_written_tried_and_put_in_force(
    open_page: OpenPage, client: httpx.Client, rows: None, language: str
) -> None:
    page = open_page("/network?part=rules", language=language)
    page.get_by_role("button", name=ui_text("network:rules.add", language)).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(ui_text("network:rules.name", language)).fill("Heads")
    dialog.get_by_label(ui_text("network:conditions.study_description", language)).fill("*skull*")
    dialog.get_by_role("radio", name=ui_text("network:effects.unscreened", language), exact=True).check()
    assert violations(page) == []
    dialog.get_by_role("button", name=ui_text("network:rules.take", language)).click()
    expect(dialog).to_have_count(0)
    expect(_table(page, "rules.title", language)).to_contain_text("*skull*")
    page.get_by_role("button").filter(has_text="50").click()
    tried = _table(page, "tried.title", language)
    expect(tried.locator("tbody tr")).to_have_count(1)
    expect(tried).to_contain_text("Skull")
    assert violations(page) == []
    assert client.get("/api/routing-rules").json()["rules"] == []
    page.get_by_role("button", name=ui_text("network:rules.save", language)).click()
    expect(page.get_by_text(ui_text("network:rules.unsaved", language))).to_have_count(0)
    (rule,) = client.get("/api/routing-rules").json()["rules"]
    assert (rule["name"], rule["action"]["screen"]) == ("Heads", False)
    assert rule["conditions"]["study_description"] == ["*skull*"]


def test_a_change_of_another_admin_is_not_overwritten(open_page: OpenPage, client: httpx.Client) -> None:
    client.put("/api/routing-rules", json={"rules": [{"name": "Mine", "action": {"screen": True}}]})
    page = open_page("/network?part=rules")
    page.get_by_role("button", name=ui_text("network:rules.deleteOne", name="Mine")).click()
    client.put("/api/routing-rules", json={"rules": [{"name": "Theirs", "action": {"screen": True}}]})
    page.get_by_role("button", name=ui_text("network:rules.save")).click()
    expect(page.get_by_text(ui_text("errors:precondition_failed.title"))).to_be_visible()
    page.get_by_role("button", name=ui_text("network:rules.discard")).click()
    expect(_table(page, "rules.title", "en")).to_contain_text("Theirs")


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_destination_is_added_tested_and_deleted(
    open_page: OpenPage, client: httpx.Client, rows: None, language: str
) -> None:
    page = open_page("/network?part=destinations", language=language)
    page.get_by_role("button", name=ui_text("network:destinations.add", language)).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(ui_text("network:destinations.fields.name", language), exact=False).first.fill("archive")
    dialog.get_by_label(ui_text("network:destinations.fields.host", language)).fill("127.0.0.1")
    dialog.get_by_label(ui_text("network:destinations.fields.port", language)).fill("9")  # discard: nobody listens
    dialog.get_by_label(ui_text("network:destinations.fields.called_ae", language)).fill("ARCHIVE")
    assert violations(page) == []
    dialog.get_by_role("button", name=ui_text("common:actions.save", language)).click()
    expect(dialog).to_have_count(0)
    table = _table(page, "destinations.title", language)
    expect(table).to_contain_text("ARCHIVE@127.0.0.1:9")
    table.get_by_role("button", name=ui_text("network:destinations.testOne", language, name="archive")).click()
    expect(table).to_contain_text(ui_text("network:faults.destination_unreachable", language))
    assert violations(page) == []
    table.get_by_role("button", name=ui_text("network:destinations.deleteOne", language, name="archive")).click()
    page.get_by_role("dialog").get_by_role("button", name=ui_text("network:destinations.delete", language)).click()
    expect(page.get_by_text(ui_text("network:destinations.none", language))).to_be_visible()
    assert client.get("/api/destinations").json()["items"] == []


def _table(page: Page, title: str, language: str) -> Locator:
    return page.get_by_role("table", name=ui_text(f"network:{title}", language), exact=True)

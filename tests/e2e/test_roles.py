"""A researcher sees numbers and slices, but no names."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenPage
from tests.e2e.ui_text import ui_text
from tests.e2e.viewing import Viewer
from tests.integration.gateway.running_gateway import RunningGateway

NAMES = ("Viewed", "Synthetic")  # of the scan's patient, see conftest


@pytest.fixture
def researcher(open_page: OpenPage, service: RunningGateway, scan: str) -> Page:
    """A page that a researcher's token has signed in."""
    with service.client() as client:
        made = client.post("/api/tokens", json={"name": "a researcher's", "role": "researcher"})
        made.raise_for_status()
    page = open_page("/worklist")
    entered = page.request.post("/auth/token", data={"token": made.json()["token"]}, headers={"Origin": service.url})
    assert entered.ok, entered.text()
    page.goto(f"/scans/{scan}")
    return page


def test_a_researcher_sees_no_names(researcher: Page, scan: str) -> None:
    Viewer(researcher).settled()
    expect(researcher.get_by_role("banner")).to_contain_text(ui_text("common:user.roles.researcher"))
    for path in (f"/scans/{scan}", "/worklist", "/patients"):
        researcher.goto(path)
        researcher.wait_for_load_state("networkidle")
        expect(researcher.get_by_role("main")).not_to_be_empty()
        text = researcher.locator("body").inner_text()
        assert not [name for name in NAMES if name in text]


def test_a_researcher_cannot_change_anything(researcher: Page) -> None:
    Viewer(researcher).settled()
    for name in ("report:feedback.agree", "report:actions.menu"):
        expect(researcher.get_by_role("button", name=ui_text(name), exact=True)).to_have_count(0)
    researcher.goto("/patients")
    expect(researcher.get_by_role("button", name=ui_text("patients:create"))).to_have_count(0)


def test_signing_out_ends_the_session(open_page: OpenPage, service: RunningGateway) -> None:
    with service.client() as client:
        made = client.post("/api/tokens", json={"name": "a guest's", "role": "radiologist"}).raise_for_status().json()
    page = open_page("/worklist")
    page.request.post("/auth/token", data={"token": made["token"]}, headers={"Origin": service.url})
    for path in ("/worklist", "/patients"):
        page.goto(path)
        expect(page.get_by_role("banner").get_by_role("button", name="a guest's")).to_be_visible()
    page.get_by_role("banner").get_by_role("button", name="a guest's").click()
    page.get_by_role("menuitem", name=ui_text("common:user.signOut")).click()
    # The service of these tests has no login: without the session the page is the local admin's again.
    expect(page.get_by_role("banner")).to_contain_text(ui_text("common:user.roles.admin"))
    expect(page.get_by_role("button", name="a guest's")).to_have_count(0)
    assert not page.context.cookies()

"""Patients: search, edit and delete, and two concurrent changes."""

from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import OpenPage
from tests.e2e.running_service import new_patient
from tests.e2e.ui_text import ui_text
from tests.integration.gateway.running_gateway import RunningGateway


def test_search_edit_and_delete(open_page: OpenPage, service: RunningGateway) -> None:
    new_patient(service, "Quill", "Dora")
    new_patient(service, "Rook", "Emil")
    page = open_page("/patients")
    page.get_by_label(ui_text("patients:search")).fill("quill")
    expect(page.get_by_text("Rook")).to_have_count(0)
    page.get_by_text("Quill").click()

    page.get_by_role("button", name=ui_text("common:actions.edit")).click()
    page.get_by_role("dialog").get_by_label(ui_text("patients:fields.last_name")).fill("Quince")
    page.get_by_role("dialog").get_by_role("button", name=ui_text("common:actions.save")).click()
    expect(_title(page)).to_contain_text("Quince")

    page.get_by_role("button", name=ui_text("common:actions.delete")).click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("Quince")
    question.get_by_role("button", name=ui_text("patients:delete.confirm")).click()
    page.wait_for_url("**/patients*")
    expect(page.get_by_text("Quince")).to_have_count(0)


def test_a_concurrent_change_is_not_overwritten(open_page: OpenPage, service: RunningGateway) -> None:
    patient = new_patient(service, "Sable", "Fritz")
    page = open_page(f"/patients/{patient}")
    page.get_by_role("button", name=ui_text("common:actions.edit")).click()
    with service.client() as client:
        body = {"last_name": "Sand", "first_name": "Fritz", "description": ""}
        client.put(f"/api/patients/{patient}", json=body).raise_for_status()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(ui_text("patients:fields.last_name")).fill("Stone")
    dialog.get_by_role("button", name=ui_text("common:actions.save")).click()
    expect(dialog.get_by_role("alert")).to_contain_text(ui_text("errors:precondition_failed.title"))
    page.reload()
    expect(_title(page)).to_contain_text("Sand")


def test_an_unknown_patient_shows_an_error(open_page: OpenPage) -> None:
    page = open_page("/patients/00000000-0000-4000-8000-000000000000")
    expect(page.get_by_role("alert")).to_contain_text(ui_text("errors:not_found.title"))


def _title(page: Page) -> Locator:
    return page.get_by_role("heading", level=1)

"""The registrar's room: find, change and delete a patient, and what two registrars at once see."""

from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Window
from tests.e2e.running_service import new_patient
from tests.e2e.ui_text import words
from tests.integration.gateway.running_gateway import RunningGateway


def test_search_edit_and_delete(window: Window, house: RunningGateway) -> None:
    new_patient(house, "Quill", "Dora")
    new_patient(house, "Rook", "Emil")
    page = window("/patients")
    page.get_by_label(words("patients:search")).fill("quill")
    expect(page.get_by_text("Rook")).to_have_count(0)
    page.get_by_text("Quill").click()

    page.get_by_role("button", name=words("common:actions.edit")).click()
    page.get_by_role("dialog").get_by_label(words("patients:fields.last_name")).fill("Quince")
    page.get_by_role("dialog").get_by_role("button", name=words("common:actions.save")).click()
    expect(_title(page)).to_contain_text("Quince")

    page.get_by_role("button", name=words("common:actions.delete")).click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("Quince")
    question.get_by_role("button", name=words("patients:delete.confirm")).click()
    page.wait_for_url("**/patients*")
    expect(page.get_by_text("Quince")).to_have_count(0)


def test_a_change_by_somebody_else_is_not_overwritten(window: Window, house: RunningGateway) -> None:
    patient = new_patient(house, "Sable", "Fritz")
    page = window(f"/patients/{patient}")
    page.get_by_role("button", name=words("common:actions.edit")).click()
    with house.client() as client:
        body = {"last_name": "Sand", "first_name": "Fritz", "description": ""}
        client.put(f"/api/patients/{patient}", json=body).raise_for_status()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(words("patients:fields.last_name")).fill("Stone")
    dialog.get_by_role("button", name=words("common:actions.save")).click()
    expect(dialog.get_by_role("alert")).to_contain_text(words("errors:precondition_failed.title"))
    page.reload()
    expect(_title(page)).to_contain_text("Sand")


def test_a_patient_who_is_gone_is_told_in_words(window: Window) -> None:
    page = window("/patients/00000000-0000-4000-8000-000000000000")
    expect(page.get_by_role("alert")).to_contain_text(words("errors:not_found.title"))


def _title(page: Page) -> Locator:
    return page.get_by_role("heading", level=1)

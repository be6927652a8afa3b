"""Settings are validated, documented, and read from the environment."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from gateway.settings.documentation import settings_page
from gateway.settings.settings import Settings
from screening.intake.upload import Budgets

PAGE = Path(__file__).resolve().parents[3] / "docs" / "settings.md"


def test_docs_settings_md_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == settings_page(), "out of date: run `turnstile settings > docs/settings.md`"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_has_a_description(name: str) -> None:
    assert (Settings.model_fields[name].description or "").endswith(".")


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURNSTILE_SLICES_IN_FLIGHT", "24")
    assert Settings().slices_in_flight == 24


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "70000"), ("DEADLINE_S", "0"), ("DECODE_TIMEOUT_S", "999"), ("LOG_LEVEL", "loud")]
)
def test_invalid_values_are_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"TURNSTILE_{name}", value)
    with pytest.raises(ValidationError):
        Settings()


def test_the_budgets_default_to_those_of_the_intake() -> None:
    assert Settings().budgets == Budgets()


def test_the_old_name_of_a_setting_is_read_for_one_release(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURNSTILE_TAKEOVER_S", "7")
    assert Settings().lease_timeout_s == 7
    monkeypatch.setenv("TURNSTILE_LEASE_TIMEOUT_S", "8")
    assert Settings().lease_timeout_s == 8
    assert Settings(lease_timeout_s=9).lease_timeout_s == 9


@pytest.mark.parametrize(
    "template",
    [
        "https://viewer.example/viewer?StudyInstanceUIDs={study_uid}",
        "http://localhost:3000/studies/{study_uid}/view",
    ],
)
def test_a_template_of_a_viewer(template: str) -> None:
    assert Settings(viewer_url=template).viewer_url == template


@pytest.mark.parametrize(
    "template",
    [
        "javascript:alert('{study_uid}')",
        "ftp://viewer.example/{study_uid}",
        "https://viewer.example/viewer",
        "https://{study_uid}.example/",
        "https:///viewer?{study_uid}",
        "https://viewer.example/{study}?{study_uid}",
        "https://viewer.example/a b?{study_uid}",
    ],
)
def test_a_template_that_is_none_stops_the_start(template: str) -> None:
    with pytest.raises(ValidationError):
        Settings(viewer_url=template)

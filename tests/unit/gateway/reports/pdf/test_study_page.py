"""PDF pages of studies with very long or unusual texts: always one page, in both languages."""

from dataclasses import fields
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pypdfium2
import pytest

from gateway.reports.pdf.english import ENGLISH
from gateway.reports.pdf.russian import RUSSIAN
from gateway.reports.pdf.study_page import StudyHeader, StudyPages
from gateway.reports.pdf.texts import PdfTexts
from screening.contract import FINDINGS
from screening.errors import NoLung
from screening.report import Notice, Report

LONG = "A very long text that goes on and on. " * 40
FAILED = Report.failed("study.zip", NoLung(LONG), 0.1).to_json()
ANALYSED: dict[str, Any] = {
    **FAILED,
    "error": None,
    "verdict": "pathology",
    "probability": 0.5,
    "operating_point": {"name": "f1", "threshold": 0.44, "sensitivity": 0.9, "specificity": 0.8},
    "evidence": {"key_slice": {"slice": 3, "sop_uid": "2.25." + "9" * 59}},
    "findings": [{"name": name, "mean": 0.5, "top_slices": 1} for name in FINDINGS],
    "series": [
        {"slices": 300, "kernel": LONG, "chosen": False, "reason": "unheard_of", "explanation": LONG} for _ in range(20)
    ],
    "warnings": [LONG] * 20,
}


def text_of(study: dict[str, Any], texts: PdfTexts, *labels: tuple[str, str]) -> str:
    """Draw the study's page and read it back."""
    page = StudyPages(texts)
    page.add_study(study, StudyHeader(labels, datetime(2026, 11, 23, tzinfo=UTC), "analysis", "card-1"))
    document = pypdfium2.PdfDocument(BytesIO(page.output()))
    try:
        assert len(document) == 1
        return " ".join(document[0].get_textpage().get_text_bounded().split())
    finally:
        document.close()


@pytest.mark.parametrize("texts", [ENGLISH, RUSSIAN])
def test_the_notices_are_printed_below_any_content(texts: PdfTexts) -> None:
    notice = texts.notices.get("no_medical_device", Notice.NO_MEDICAL_DEVICE.value)
    for study in (ANALYSED, FAILED):
        assert notice in text_of(study, texts, *[("Patient", LONG)] * 4)


@pytest.mark.parametrize(
    "name", ["Müller-Ødegård", "Иванова Ольга", "Ελένη Παππά", "山田太郎", "\u202egnp.exe", "🙂", ""]
)
def test_any_name_can_be_printed(name: str) -> None:
    assert "card-1" in text_of(ANALYSED, ENGLISH, ("Patient", name))


def test_a_failed_study_has_no_probability() -> None:
    told = text_of(FAILED, RUSSIAN)
    assert "no_lung" in told
    assert RUSSIAN.probability not in told


def test_russian_has_a_text_for_every_code() -> None:
    assert set(RUSSIAN.finding_names) == set(FINDINGS)
    assert set(RUSSIAN.notices) == {notice.code for notice in Notice}
    assert set(RUSSIAN.verdicts) == set(ENGLISH.verdicts) == {"normal", "pathology", "not_analysed"}
    texts = [field.name for field in fields(PdfTexts) if field.type == "str"]
    assert all(getattr(RUSSIAN, name) != getattr(ENGLISH, name) for name in texts)

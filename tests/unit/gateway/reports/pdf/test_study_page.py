"""PDF pages of studies with very long or unusual texts: always one page, in both languages."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import cv2
import numpy as np
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.reports.pdf.english import ENGLISH
from gateway.reports.pdf.russian import RUSSIAN
from gateway.reports.pdf.study_header import StudyHeader
from gateway.reports.pdf.study_page import FINDING_ROWS, StudyPages
from gateway.reports.pdf.texts import PdfTexts
from screening.contract import FINDINGS
from screening.errors import NoLung
from screening.results.report import Notice, Report

LONG = "A very long text that goes on and on. " * 40
FAILED = Report.failed("study.zip", NoLung(LONG), 0.1).to_json()
MEASURED_ON = {
    "studies": 400,
    "composed": True,
    "data_sets": ["emphysema", "iq_oth_nccd"],
    "patients_pathological": 45,
    "patients_normal": 22,
}
PICTURE = cv2.imencode(".png", np.zeros((512, 1024), np.uint8))[1].tobytes()
LUNG = {"first_mm": 12.4, "last_mm": 255.0, "height_mm": 242.6, "volume_ml": 2411.3}
COVERAGE: dict[str, Any] = {
    "complete": False,
    "first_mm": 12.4,
    "widest_unseen_mm": 8.0,
    "right": LUNG,
    "left": {"first_mm": None, "last_mm": None, "height_mm": 0.0, "volume_ml": 0.0},
    "faults": [{"code": code, "detail": LONG} for code in ("lungs_incomplete", "lungs_too_small", "view_gap_too_wide")],
}
SILENT: dict[str, Any] = {"status": "not_assessed", "score": None, "threshold": None}
ANALYSED: dict[str, Any] = {
    **FAILED,
    "error": None,
    "verdict": "pathology",
    "probability": 0.5,
    "operating_point": {
        "name": "f1",
        "threshold": 0.44,
        "sensitivity": 0.9,
        "sensitivity_ci": [0.76, 0.97],
        "specificity": 1.0,
        "specificity_ci": [0.85, 1.0],
        "measured_on": MEASURED_ON,
    },
    "coverage": COVERAGE,
    "evidence": {"key_slice": {"slice": 3, "sop_uid": "2.25." + "9" * 59}},
    "findings": [
        {"name": name, "status": "present", "score": 0.9, "threshold": 0.5} if number < 9 else SILENT | {"name": name}
        for number, name in enumerate(FINDINGS)
    ],
    "series": [
        {"slices": 300, "kernel": LONG, "chosen": False, "reason": "unheard_of", "explanation": LONG} for _ in range(20)
    ],
    "warnings": [LONG] * 20,
}
FULLEST: dict[str, Any] = {
    **ANALYSED,
    "row": {**FAILED["row"], "pathology_localization": "100,200,100,200,100,200"},
    "evidence": {
        **ANALYSED["evidence"],
        "classifier_p": 0.5,
        "reconstruction_r": 0.1,
        "expert3d": {"p": 0.2, "slice": 43, "position_lps_mm": [-61.7, 12.2, 803.0]},
    },
}


class MeasuredPages(StudyPages):
    """Fails when the content reaches into the footer."""

    def _footer(self, study: Mapping[str, Any], header: StudyHeader) -> None:
        content_end = self.get_y()
        super()._footer(study, header)
        assert content_end < self.h - 30, "the footer of two notices begins here"


def text_of(study: dict[str, Any], texts: PdfTexts, *labels: tuple[str, str], picture: bytes | None = None) -> str:
    """Draw the study's page and read it back."""
    page = MeasuredPages(texts)
    page.add_study(study, StudyHeader(labels, datetime(2026, 11, 23, tzinfo=UTC), "analysis", "card-1", picture))
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
        for picture in (PICTURE, None):
            assert notice in text_of(study, texts, *[("Patient", LONG)] * 4, picture=picture)


@pytest.mark.parametrize(
    "name", ["Müller-Ødegård", "Иванова Ольга", "Ελένη Παππά", "山田太郎", "\u202egnp.exe", "🙂", ""]
)
def test_any_name_can_be_printed(name: str) -> None:
    assert "card-1" in text_of(ANALYSED, ENGLISH, ("Patient", name))


@pytest.mark.parametrize("texts", [ENGLISH, RUSSIAN])
def test_figures_have_their_interval_and_their_patients(texts: PdfTexts) -> None:
    told = text_of(ANALYSED, texts)
    assert all(part in told for part in ("100.0 %", "85-100", "400", "emphysema, iq_oth_nccd", "45", "22"))


@pytest.mark.parametrize("texts", [ENGLISH, RUSSIAN])
def test_an_interval_of_an_older_report_is_not_shown(texts: PdfTexts) -> None:
    point = {"name": "f1", "threshold": 0.44, "sensitivity": 1.0, "sensitivity_ci": [1.0, 1.0], "specificity": None}
    told = text_of({**ANALYSED, "operating_point": point}, texts)
    assert f"100.0 % ({texts.interval_unknown})" in told
    assert "100-100" not in told


@pytest.mark.parametrize("texts", [ENGLISH, RUSSIAN])
@pytest.mark.parametrize("study", [ANALYSED, {**FAILED, "coverage": COVERAGE}], ids=["analysed", "failed"])
def test_the_coverage_names_each_lung_and_what_is_missing(study: dict[str, Any], texts: PdfTexts) -> None:
    told = text_of(study, texts)
    assert all(part in told for part in ("243", "2411", "12", "255", texts.no_lung, "8.0", texts.incomplete))
    assert texts.errors.get("lungs_incomplete", LONG)[:60] in told


@pytest.mark.parametrize("texts", [ENGLISH, RUSSIAN])
def test_what_is_not_assessed_is_said_and_has_no_number(texts: PdfTexts) -> None:
    told = text_of({**ANALYSED, "findings": [SILENT | {"name": name} for name in FINDINGS]}, texts)
    assert texts.not_determined in told
    assert texts.not_assessed.partition("{")[0] in told
    assert all(texts.finding(name) in told for name in FINDINGS)
    assert texts.not_determined not in text_of(ANALYSED, texts)


@pytest.mark.parametrize("texts", [ENGLISH, RUSSIAN])
@pytest.mark.parametrize("verdict", ["normal", "pathology"])
def test_an_older_report_says_so_and_its_guesses_are_not_repeated(texts: PdfTexts, verdict: str) -> None:
    guesses = [{"name": name, "mean": 0.777, "highest": 0.9, "top_slices": 1} for name in FINDINGS]
    told = text_of({**ANALYSED, "verdict": verdict, "findings": guesses}, texts)
    assert texts.older_findings in told
    silent = ("0.777", texts.not_determined, texts.not_assessed.partition("{")[0])
    assert not any(words in told for words in silent)


@given(
    order=st.permutations(FINDINGS),
    counts=st.lists(st.integers(0, len(FINDINGS)), min_size=2, max_size=2).map(sorted),
    language=st.sampled_from([ENGLISH, RUSSIAN]),
    picture=st.sampled_from([PICTURE, None]),
)
@settings(max_examples=8, deadline=None)
def test_every_finding_is_named_as_what_it_is(
    order: list[str], counts: list[int], language: PdfTexts, picture: bytes | None
) -> None:
    """Above all each that is present, however many they are; on the fullest page too."""
    present, absent = order[: counts[0]], order[counts[0] : counts[1]]
    findings = [
        *({"name": name, "status": "present", "score": 0.9, "threshold": 0.5} for name in present),
        *({"name": name, "status": "absent", "score": 0.1, "threshold": 0.5} for name in absent),
        *(SILENT | {"name": name} for name in order[counts[1] :]),
    ]
    told = text_of({**FULLEST, "findings": findings}, language, *[("Patient", LONG)] * 4, picture=picture)
    _, _, told = told.partition(f"{language.findings} (")
    parts = (language.also_present, language.also_absent, language.not_assessed, language.series)
    ends = sorted(end for end in (told.find(one.partition("{")[0]) for one in parts) if end >= 0)
    assert all(told.count(language.finding(name)) >= 1 for name in FINDINGS)
    rows, further = told[: ends[0]], told[ends[0] :]
    for name in present[:FINDING_ROWS]:
        assert f"{language.finding(name)} {language.finding_statuses['present']}" in rows
    assert (language.also_present.partition("{")[0] in told) is (len(present) > FINDING_ROWS)
    assert all(f"{language.finding(name)} 0.900" in further for name in present[FINDING_ROWS:])


@pytest.mark.parametrize("texts", [ENGLISH, RUSSIAN])
@pytest.mark.parametrize("part", [0.2, 0.95])
def test_the_expert_is_named_where_it_was_asked_and_where_it_decided(texts: PdfTexts, part: float) -> None:
    evidence = FULLEST["evidence"] | {"expert3d": FULLEST["evidence"]["expert3d"] | {"p": part}}
    told = text_of({**ANALYSED, "evidence": evidence}, texts)
    assert all(word in told for word in (texts.expert, f"{part:.3f}", "43", "-62, 12, 803"))
    assert (texts.key_slice_of_expert in told) is (part > 0.5)
    assert texts.expert not in text_of(ANALYSED, texts)


def test_a_study_that_is_not_analysed_has_its_reason_in_russian() -> None:
    assert RUSSIAN.errors["no_lung"][:40] in text_of(FAILED, RUSSIAN)


def test_a_failed_study_has_no_probability() -> None:
    told = text_of(FAILED, RUSSIAN)
    assert "no_lung" in told
    assert RUSSIAN.probability not in told


def test_russian_has_a_text_for_every_code() -> None:
    assert set(RUSSIAN.finding_names) == set(FINDINGS)
    assert set(RUSSIAN.finding_statuses) == set(ENGLISH.finding_statuses) == {"present", "absent"}
    assert set(RUSSIAN.notices) == {notice.code for notice in Notice}
    assert set(RUSSIAN.verdicts) == set(ENGLISH.verdicts) == {"normal", "pathology", "not_analysed"}
    texts = [field.name for field in fields(PdfTexts) if field.type == "str"]
    assert all(getattr(RUSSIAN, name) != getattr(ENGLISH, name) for name in texts)

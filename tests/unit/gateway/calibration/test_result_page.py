"""The page of a calibration says what was measured, on whom, and names nobody."""

from collections import Counter

import pytest

from gateway.calibration.collected_studies import CollectedStudies
from gateway.calibration.result_page import REASONS, result_page, shipped_page, studies_page
from screening.evaluation.scored_studies import LeftOut
from screening.evaluation.site_calibration import calibrate_site, shipped_figures
from tests.unit.screening.evaluation.made_studies import CARD, site_studies

STUDIES = site_studies(40, 40, gap=1.3, shift=1.5)
COLLECTED = CollectedStudies(STUDIES, Counter({LeftOut.NOT_COVERED: 3}), analysed=400)


@pytest.fixture(scope="module", name="page")
def fixture_page() -> str:
    return result_page("site-1", COLLECTED, calibrate_site(STUDIES, CARD, "f1"), CARD)


def test_it_names_patients_of_both_classes_and_what_was_left_out(page: str) -> None:
    assert "40 patients with normal and 40 with pathological" in page
    assert f"left out: 3, {REASONS[LeftOut.NOT_COVERED]}" in page
    assert "Feedback exists for 80 of 400 analysed scans" in page
    assert "no medical device" in page


def test_it_has_figures_with_intervals_before_and_after(page: str) -> None:
    for figure in ("sensitivity", "specificity", "ROC-AUC", "calibration error (ECE)"):
        row = next(line for line in page.splitlines() if line.startswith(f"| {figure} |"))
        assert row.count("(") >= 2
    assert "The operating point stays where it was" in page
    assert "fewer than before" in page
    assert "300 normal" in page


def test_it_names_no_study_and_no_patient(page: str) -> None:
    assert "study-" not in page
    assert "patient-" not in page


def test_every_reason_has_words() -> None:
    assert set(REASONS) == set(LeftOut)


def test_normal_studies_alone_have_the_figures_of_the_shipped_card() -> None:
    normal = site_studies(25, 0)
    page = studies_page(CollectedStudies(normal)) + shipped_page(shipped_figures(normal, CARD), CARD)
    row = next(line for line in page.splitlines() if line.startswith("| high_sensitivity |"))
    assert "| - |" in row, "sensitivity is not known"

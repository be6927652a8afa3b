"""Scoring of a labelled folder goes on where it ended, and takes the labels of the table as it is now."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.calibration.labelled_folder import collect, remaining
from gateway.mass_runs.journal import Journal
from screening.evaluation.label_table import LabelledStudy
from screening.evaluation.scored_studies import LeftOut
from screening.results.model_card import ModelCard
from screening.results.volume_rule import MAXIMUM
from tests.unit.screening.evaluation.made_studies import CARD, report_of, shipped_card, site_studies

MADE = site_studies(2, 2).studies
FAILED: Mapping[str, Any] = {
    "row": {"processing_status": "Failure"},
    "verdict": "not_analysed",
    "notices": [],
    "error": {"code": "no_lung", "detail": ""},
}
STUDIES = tuple(LabelledStudy(one.study, Path("/made") / one.study, one.patient, one.label) for one in MADE)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """The first study is scored, the second failed, the third was scored by other networks."""
    path = tmp_path / "scores.journal"
    with Journal(path) as written:
        written.append(str(STUDIES[0].path), [_report(0)])
        written.append(str(STUDIES[1].path), [FAILED])
        written.append(str(STUDIES[2].path), [_report(2, provenance={"file_hashes": {"old": "0"}})])
    return path


def test_a_second_run_scores_what_is_missing_and_what_other_networks_scored(journal: Path) -> None:
    with Journal(journal) as read:
        assert list(remaining(STUDIES, read, CARD, retry_failed=False)) == [STUDIES[2].path, STUDIES[3].path]
        assert STUDIES[1].path in remaining(STUDIES, read, CARD, retry_failed=True)


def test_a_study_without_a_label_is_not_scored(journal: Path) -> None:
    unknown = [replace(study, label=None) for study in STUDIES]
    with Journal(journal) as read:
        assert list(remaining(unknown, read, CARD, retry_failed=True)) == []
        assert collect(unknown, read, CARD).left_out == {LeftOut.NO_LABEL: 4}


def test_the_label_is_that_of_the_table_and_reasons_are_counted(journal: Path) -> None:
    corrected = [replace(STUDIES[0], label=1), *STUDIES[1:]]
    with Journal(journal) as read:
        collected = collect(corrected, read, CARD)
    (study,) = collected.studies.studies
    assert (study.label, study.patient) == (1, STUDIES[0].patient)
    assert collected.left_out_counts == {"failed": 1, "other_networks": 1}


def test_a_study_that_other_rules_scored_is_scored_again(tmp_path: Path) -> None:
    before, rule = (
        ModelCard.from_json(shipped_card(version="before", **changed))
        for changed in ({"test_time_slices": 0}, {"volume_rule": MAXIMUM.to_json()})
    )
    with Journal(tmp_path / "scores.journal") as journal:
        for study, card in zip(STUDIES, (before, rule, CARD, CARD), strict=True):
            journal.append(str(study.path), [_report(STUDIES.index(study), card=card)])
        assert list(remaining(STUDIES, journal, CARD, retry_failed=False)) == [STUDIES[0].path]
        assert collect(STUDIES, journal, CARD).left_out_counts == {"other_rule": 1}


def _report(number: int, **changed: Any) -> dict[str, Any]:
    row = {"processing_status": "Success"}
    return {"row": row, "verdict": "normal", "notices": [], **report_of(MADE[number], **changed)}

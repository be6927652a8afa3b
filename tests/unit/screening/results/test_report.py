import json
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from screening.contract import FINDINGS, NOT_DETERMINED
from screening.errors import EngineDeadline, NoLung, StudyError
from screening.results.report import COLUMNS, Notice, Report
from screening.results.verdict import Verdict
from tests.unit.screening.studies import card_of, eight_slices, fusion_of, outputs_of


def report_of(
    *,
    suspicion: float,
    trained: bool = True,
    seconds: float = 0.4,
    widest_unseen_mm: float = 8.0,
    findings: Mapping[str, float] = MappingProxyType({}),
) -> Report:
    """The report of the phantom with this reconstruction error in its third slice; 1.0 is the operating point.

    `findings` are the values of findings in its fifth slice.
    """
    errors = np.full(8, 0.5, np.float32)
    errors[2] = suspicion
    values = np.full((8, len(FINDINGS)), 0.01, np.float32)
    for name, value in findings.items():
        values[4, FINDINGS.index(name)] = value
    card, outputs = card_of(trained=trained), outputs_of(reconstruction_error=errors, findings=values)
    fusion = fusion_of(outputs)
    prepared = eight_slices()
    prepared = replace(prepared, coverage=replace(prepared.coverage, widest_unseen_mm=widest_unseen_mm))
    return Report.analysed("=1+1.zip", prepared, outputs, fusion, card, seconds, {"survey": seconds})


def test_the_row_has_the_contests_columns_in_order() -> None:
    row = report_of(suspicion=1.4).row
    assert tuple(row) == COLUMNS
    assert row["pathology"] == 1
    assert row["processing_status"] == "Success"
    assert row["probability_of_pathology"] == pytest.approx(1 / (1 + np.exp(-4)), abs=1e-6)
    assert row["most_dangerous_pathology_type"] == NOT_DETERMINED
    assert len(row["pathology_localization"].split(",")) == 6


def test_a_normal_study_has_no_finding_and_no_localisation() -> None:
    report = report_of(suspicion=0.6)
    assert report.verdict is Verdict.NORMAL
    assert report.row["pathology"] == 0
    assert report.row["most_dangerous_pathology_type"] is None
    assert report.row["pathology_localization"] is None
    assert report.to_json()["evidence"]["localisation"] is None
    assert len(report.to_json()["findings"]) == len(FINDINGS)


def test_a_pathology_has_the_name_of_a_finding_that_is_assessed_and_above_its_threshold() -> None:
    report = report_of(suspicion=1.4, findings={"Emphysema": 0.6, "Atelectasis": 0.99})
    assert report.row["most_dangerous_pathology_type"] == "Emphysema"
    first, second, third = report.to_json()["findings"][:3]
    slice_ = eight_slices().slice_indices[4]
    assert first == {"name": "Emphysema", "status": "present", "score": 0.6, "threshold": 0.5, "slice": slice_}
    assert (second["name"], second["status"]) == ("Lung nodule", "absent")
    assert third["status"] == "not_assessed"
    assert third["score"] is third["threshold"] is third["slice"] is None


@pytest.mark.parametrize("suspicion", [0.6, 1.4])
def test_findings_change_no_verdict(suspicion: float) -> None:
    plain, full = (report_of(suspicion=suspicion, findings=dict.fromkeys(FINDINGS, value)) for value in (0.0, 1.0))
    assert plain.verdict is full.verdict
    assert plain.row["probability_of_pathology"] == full.row["probability_of_pathology"]
    assert plain.row["pathology_localization"] == full.row["pathology_localization"]
    assert full.row["most_dangerous_pathology_type"] == ("Emphysema" if full.verdict is Verdict.PATHOLOGY else None)


@pytest.mark.parametrize(
    ("suspicion", "verdict"),
    [
        (0.5, Verdict.NORMAL),
        (0.99, Verdict.NORMAL),
        (1.0, Verdict.PATHOLOGY),
        (1.01, Verdict.PATHOLOGY),
        (90.0, Verdict.PATHOLOGY),
    ],
)
def test_verdict_and_row_agree(suspicion: float, verdict: Verdict) -> None:
    report = report_of(suspicion=suspicion)
    assert report.verdict is verdict
    assert report.row["pathology"] == int(verdict is Verdict.PATHOLOGY)


def test_below_the_operating_point_an_incomplete_coverage_is_an_error() -> None:
    report = report_of(suspicion=0.6, widest_unseen_mm=40.0)
    whole = json.loads(json.dumps(report.to_json()))
    assert report.verdict is Verdict.NOT_ANALYSED
    assert report.row["probability_of_pathology"] is report.row["pathology"] is None
    assert report.row["processing_status"] == "Failure"
    assert report.row["series_uid"] == eight_slices().series_uid
    assert whole["error"] == whole["coverage"]["faults"][0]
    assert whole["error"]["code"] == "view_gap_too_wide"
    assert not {"probability", "score", "evidence"} & set(whole)


def test_at_the_operating_point_an_incomplete_coverage_is_a_warning() -> None:
    report = report_of(suspicion=1.4, widest_unseen_mm=40.0)
    assert report.verdict is Verdict.PATHOLOGY
    whole = report.to_json()
    assert not whole["coverage"]["complete"]
    assert whole["coverage"]["faults"][0]["detail"] in whole["warnings"]


@pytest.mark.parametrize("suspicion", [0.6, 1.4])
def test_every_analysed_study_tells_its_coverage(suspicion: float) -> None:
    coverage = report_of(suspicion=suspicion).to_json()["coverage"]
    assert coverage["complete"]
    assert min(coverage[side]["volume_ml"] for side in ("right", "left")) > 1000


@pytest.mark.parametrize("error", [NoLung("no lung", "2.25.5"), EngineDeadline("too late")])
def test_a_failure_has_no_probability_and_no_pathology(error: StudyError) -> None:
    report = Report.failed("study.zip", error, 1.23456)
    filled = {name: value for name, value in report.row.items() if value is not None}
    assert filled == {
        "path_to_study": "study.zip",
        "processing_status": "Failure",
        "time_of_processing": 1.235,
        **({"study_uid": error.study_uid} if error.study_uid else {}),
    }
    whole = report.to_json()
    assert whole["verdict"] == "not_analysed"
    assert whole["error"] == {"code": error.code, "detail": error.detail}
    assert "probability" not in whole


def test_no_report_is_both_analysed_and_failed() -> None:
    fine, failed = report_of(suspicion=0.6), Report.failed("x", NoLung("no lung"), 0.0)
    with pytest.raises(ValueError, match="either"):
        Report(fine.row, Verdict.NORMAL, failed.error, fine.notices, fine.body)
    with pytest.raises(ValueError, match="either"):
        Report(failed.row, Verdict.NOT_ANALYSED, None, failed.notices, failed.body)
    with pytest.raises(ValueError, match="columns"):
        Report({name: fine.row[name] for name in reversed(COLUMNS)}, fine.verdict, None, fine.notices, fine.body)


def test_untrained_weights_give_a_notice() -> None:
    assert report_of(suspicion=0.6).notices == (Notice.NO_MEDICAL_DEVICE,)
    assert Report.failed("x", NoLung("no lung"), 0.0).notices == (Notice.NO_MEDICAL_DEVICE,)
    untrained = report_of(suspicion=0.6, trained=False).to_json()
    assert untrained["notice_codes"] == ["no_medical_device", "untrained"]
    assert "means nothing" in untrained["notices"][1]


def test_the_report_is_json_with_its_evidence() -> None:
    whole = json.loads(json.dumps(report_of(suspicion=1.4).to_json(), allow_nan=False))
    prepared = eight_slices()
    assert whole["evidence"]["key_slice"]["slice"] == prepared.slice_indices[2]
    assert [one["slice"] for one in whole["evidence"]["slices"]] == list(prepared.slice_indices)
    assert whole["series"][0]["reason"] == "chosen"
    assert whole["provenance"]["model_card"] == "test-1"
    assert set(whole["evidence"]["localisation"]) == {"x", "y", "z", "lps_mm"}


def test_equal_except_for_times() -> None:
    def timeless(seconds: float) -> dict[str, Any]:
        whole = report_of(suspicion=1.4, seconds=seconds).to_json()
        del whole["timings_s"], whole["row"]["time_of_processing"]
        return whole

    assert json.dumps(timeless(0.1)) == json.dumps(timeless(9.9))

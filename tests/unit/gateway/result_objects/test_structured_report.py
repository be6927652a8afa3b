"""What the SR says, read back as a receiver would."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileDataset

from gateway.errors import NoResultObject
from gateway.result_objects import codes
from gateway.result_objects.encoding import ObjectKind
from gateway.result_objects.study_result import StudyResult
from screening.errors import LungsIncomplete
from screening.results.expert_opinion import ExpertOpinion
from screening.results.verdict import Verdict
from tests.unit.gateway.result_objects.made_result import encoded, errors_of, failed_result, made_result, opened


def said(report: Dataset) -> dict[str, list[Any]]:
    """Meaning of each concept -> its values: codes by meaning, numbers, texts."""
    found: dict[str, list[Any]] = {}
    for item in content_items(report):
        if item.ValueType in {"CODE", "NUM", "TEXT"}:
            found.setdefault(item.ConceptNameCodeSequence[0].CodeMeaning, []).append(_value(item))
    return found


def content_items(item: Dataset) -> Iterator[Dataset]:
    for inner in item.get("ContentSequence", ()):
        yield inner
        yield from content_items(inner)


def _value(item: Dataset) -> Any:
    if item.ValueType == "CODE":
        return item.ConceptCodeSequence[0].CodeMeaning
    return float(item.MeasuredValueSequence[0].NumericValue) if item.ValueType == "NUM" else item.TextValue


def test_a_pathology(objects: Mapping[str, FileDataset], result: StudyResult) -> None:
    words = said(objects["sr"])
    assert words["Screening verdict"] == ["Abnormal"]
    assert words["CAD Processing and Findings Summary"] == ["All algorithms succeeded; with findings"]
    assert words["Probability of pathology"] == [pytest.approx(result.probability, abs=1e-6)]
    assert words["Threshold of the operating point"] == [0.5]
    assert words["Nodule of lung"] == ["Present"]
    assert words["Pulmonary emphysema"] == ["Absent"]
    assert words["Atelectasis"] == ["Not Attempted"]
    assert words["Coverage of both lungs"] == ["Complete"]
    assert set(words["Algorithm Name"]) == {"Turnstile"}
    assert any("model card: test-1" in line for line in words["Algorithm Parameters"])
    assert "Turnstile is no medical device; a radiologist decides." in words["Comment"]
    assert objects["sr"].VerificationFlag == "UNVERIFIED"


def test_viewers_name_each_value(objects: Mapping[str, FileDataset]) -> None:
    report = objects["sr"]
    containers = [one for one in (report, *content_items(report)) if one.ValueType == "CONTAINER"]
    assert len(containers) > 2
    assert {one.ContinuityOfContent for one in containers} == {"SEPARATE"}


def test_a_normal_study(phantom: Path) -> None:
    normal = made_result(phantom, suspicious=False)
    assert normal.verdict is Verdict.NORMAL
    (file,) = encoded(phantom, normal, ObjectKind.STRUCTURED_REPORT)
    words = said(opened(file))
    assert words["Screening verdict"] == ["Normal"]
    assert "Suspicious region" not in words.get("Finding", [])
    assert errors_of(file.content) == []
    for kind in (ObjectKind.KEY_OBJECTS, ObjectKind.PRESENTATION_STATE):
        with pytest.raises(NoResultObject):
            encoded(phantom, normal, kind)
    assert {one.kind for one in encoded(phantom, normal)} == {
        ObjectKind.STRUCTURED_REPORT,
        ObjectKind.SEGMENTATION,
        ObjectKind.PARAMETRIC_MAP,
        ObjectKind.SECONDARY_CAPTURE,
        ObjectKind.PDF,
    }


def test_a_study_that_was_not_analysed_says_so_and_why(phantom: Path, source: list[FileDataset]) -> None:
    error = LungsIncomplete("The right lung is cut off below.", source[0].StudyInstanceUID)
    files = encoded(phantom, failed_result(error))
    assert [file.kind for file in files] == [ObjectKind.STRUCTURED_REPORT, ObjectKind.PDF]
    report = opened(files[0])
    words = said(report)
    assert words["Screening verdict"] == ["Not analysed"]
    assert words["CAD Processing and Findings Summary"] == ["No algorithms succeeded; without findings"]
    assert words["Reason why the study was not analysed"] == ["lungs incomplete"]
    assert "lungs_incomplete: The right lung is cut off below." in words["Comment"]
    assert "Probability of pathology" not in words
    assert "Normal" not in {value for values in words.values() for value in values}
    assert report.StudyInstanceUID == source[0].StudyInstanceUID
    assert report.PatientID == source[0].PatientID
    assert [errors_of(file.content) for file in files] == [[], []]


def test_the_box_is_a_rectangle_on_each_of_its_slices(
    objects: Mapping[str, FileDataset], result: StudyResult, source: list[FileDataset]
) -> None:
    rectangles = [item for item in content_items(objects["sr"]) if item.ValueType == "SCOORD"]
    assert result.box is not None
    wanted = [one.SOPInstanceUID for one in source[result.box.z[0] : result.box.z[1] + 1]]
    told = [one.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID for one in rectangles]
    assert told == wanted
    points = np.array(rectangles[0].GraphicData).reshape(-1, 2)
    assert points.min(axis=0).tolist() == [result.box.x[0], result.box.y[0]]
    assert points.max(axis=0).tolist() == [result.box.x[1] + 1, result.box.y[1] + 1]


def test_the_place_of_the_3d_expert_is_told(result: StudyResult) -> None:
    asked = replace(result, expert=ExpertOpinion(0.91, 7, (-31.25, 12.0, 88.5)))
    assert any("-31.2, 12.0, 88.5 mm" in line and "slice 7" in line for line in asked.remarks)


def test_every_verdict_and_every_finding_has_a_code() -> None:
    every = [*codes.VERDICTS.values(), *codes.FINDING_CODES.values(), *codes.STATUSES.values()]
    assert len({(code.scheme_designator, code.value) for code in every}) == len(every)
    assert set(codes.VERDICTS) == set(Verdict)
    assert all(len(code.meaning) <= 64 for code in every)

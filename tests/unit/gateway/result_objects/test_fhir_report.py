"""FHIR of a result: valid R4, equal each time, and never normal for a study that was not analysed."""

import json
import warnings
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle

from gateway.result_objects.fhir_report import fhir_bundle
from gateway.result_objects.study_result import StudyResult
from gateway.result_objects.subject import Subject
from screening.errors import NoLung
from tests.unit.gateway.result_objects.made_result import failed_result

SUBJECT = Subject("6d1f2f0e-58f3-4b7c-9d8a-0e1c3f5a7b11", "Muster")


def resources(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == kind]


def test_it_is_a_valid_bundle_with_a_report_and_its_observations(result: StudyResult) -> None:
    bundle = fhir_bundle([result, failed_result(NoLung("No lung was found.", "2.25.9"))], SUBJECT)
    with warnings.catch_warnings(action="ignore"):
        Bundle.model_validate_json(json.dumps(bundle))
    urls = [one["fullUrl"] for one in bundle["entry"]]
    assert len(set(urls)) == len(urls)
    for report in resources(bundle, "DiagnosticReport"):
        assert {one["reference"] for one in report["result"]} <= set(urls)
        assert report["status"] == "preliminary"
    assert fhir_bundle([result], SUBJECT) == fhir_bundle([result], SUBJECT)


def test_a_pathology(result: StudyResult) -> None:
    bundle = fhir_bundle([result], SUBJECT)
    (report,) = resources(bundle, "DiagnosticReport")
    assert report["conclusionCode"][0]["coding"][0]["display"] == "Abnormal"
    assert report["imagingStudy"][0]["identifier"]["value"] == f"urn:oid:{result.study_uid}"
    verdict = resources(bundle, "Observation")[0]
    probability = verdict["component"][0]["valueQuantity"]["value"]
    assert probability == pytest.approx(result.probability, abs=1e-6)
    assert verdict["note"][0]["text"].startswith("Turnstile is no medical device")


def test_a_study_that_was_not_analysed_has_a_reason_and_no_value() -> None:
    bundle = fhir_bundle([failed_result(NoLung("No lung was found.", "2.25.9"))], SUBJECT)
    (verdict,) = resources(bundle, "Observation")
    assert "valueCodeableConcept" not in verdict
    assert verdict["dataAbsentReason"]["coding"][0]["code"] == "error"
    assert verdict["component"][0]["valueCodeableConcept"]["coding"][0]["code"] == "no_lung"
    assert "17621005" not in json.dumps(bundle)

"""Results as FHIR R4: a Bundle with a DiagnosticReport and its Observations for each study, and the program as Device.

It needs no DICOM identity, so every report has it. The images are named by their Study Instance UID, as an
ImagingStudy does (http://hl7.org/fhir/R4/imagingstudy.html).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from types import MappingProxyType
from typing import Any, Final
from uuid import NAMESPACE_OID, uuid5

from pydicom.sr.coding import Code

from gateway.result_objects import codes
from gateway.result_objects.figures import (
    Figure,
    coverage_faults,
    coverage_figures,
    finding_figures,
    verdict_figures,
)
from gateway.result_objects.object_identity import ENCODING, MANUFACTURER, NO_DEVICE
from gateway.result_objects.study_result import StudyResult
from gateway.result_objects.subject import Subject
from screening.results.findings import FindingStatus

Resource = dict[str, Any]

SYSTEMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "SCT": "http://snomed.info/sct",
        "DCM": "http://dicom.nema.org/resources/ontology/DCM",
        "LN": "http://loinc.org",
        "UCUM": "http://unitsofmeasure.org",
        codes.OWN_SCHEME: "urn:turnstile:codes",
    }
)
RADIOLOGY: Final = {"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "RAD", "display": "Radiology"}
IMAGING: Final = {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "imaging"}
ABSENT: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
STATUS: Final = "preliminary"  # no person has verified it


def fhir_bundle(results: Sequence[StudyResult], subject: Subject) -> Resource:
    """The Bundle; equal results give equal resources with equal ids."""
    entries = [entry for number, result in enumerate(results) for entry in _Entries(result, subject, number).all()]
    at = results[0].origin.reported_at.astimezone(UTC).isoformat(timespec="milliseconds") if results else None
    return {"resourceType": "Bundle", "type": "collection", **({"timestamp": at} if at else {}), "entry": entries}


class _Entries:
    """The entries of one study, the report first."""

    def __init__(self, result: StudyResult, subject: Subject, number: int) -> None:
        self._result, self._subject, self._number = result, subject, number
        self._issued = result.origin.reported_at.astimezone(UTC).isoformat(timespec="milliseconds")

    def all(self) -> list[Resource]:
        observations = list(self._observations())
        return [
            self._entry("report", self._report([name for name, _ in observations])),
            *(self._entry(name, observation) for name, observation in observations),
            self._entry("device", self._device()),
        ]

    def _report(self, observations: Sequence[str]) -> Resource:
        result = self._result
        report: Resource = {
            "resourceType": "DiagnosticReport",
            "status": STATUS,
            "category": [{"coding": [RADIOLOGY]}],
            "code": _concept(codes.CT_CHEST_REPORT),
            "subject": self._subject_reference(),
            "issued": self._issued,
            "performer": [self._reference("device", MANUFACTURER)],
            "result": [self._reference(name) for name in observations],
            "conclusion": _conclusion(result),
            "conclusionCode": [_concept(codes.VERDICTS[result.verdict])],
        }
        if result.study_uid:
            study = {"system": "urn:dicom:uid", "value": f"urn:oid:{result.study_uid}"}
            report["imagingStudy"] = [{"type": "ImagingStudy", "identifier": study}]
        return report

    def _observations(self) -> Iterator[tuple[str, Resource]]:
        yield "verdict", self._verdict()
        for number, finding in enumerate(self._result.findings):
            observation = self._observation(codes.finding_code(finding.name))
            if finding.status is FindingStatus.NOT_ASSESSED:
                observation["dataAbsentReason"] = _absent("not-performed", "Not Performed")
            else:
                observation["valueCodeableConcept"] = _concept(codes.STATUSES[finding.status])
                observation["component"] = _components(finding_figures(finding))
            yield f"finding {number}", observation
        if self._result.coverage is not None:
            yield "coverage", self._coverage(self._result.coverage)

    def _verdict(self) -> Resource:
        result, observation = self._result, self._observation(codes.VERDICT)
        observation["note"] = [{"text": text} for text in result.remarks]
        if result.reason is not None:
            code, detail = result.reason
            observation["dataAbsentReason"] = _absent("error", "Error")
            observation["component"] = [
                {
                    "code": _concept(codes.REASON),
                    "valueCodeableConcept": _concept(codes.own(code, code.replace("_", " "))) | {"text": detail},
                }
            ]
            return observation
        observation["valueCodeableConcept"] = _concept(codes.VERDICTS[result.verdict])
        observation["component"] = _components(verdict_figures(result))
        return observation

    def _coverage(self, coverage: Mapping[str, Any]) -> Resource:
        observation = self._observation(codes.COVERAGE) | {
            "valueCodeableConcept": _concept(codes.COVERAGES[bool(coverage["complete"])])
        }
        observation["component"] = _components(coverage_figures(coverage))
        if faults := coverage_faults(coverage):
            observation["note"] = [{"text": fault} for fault in faults]
        return observation

    def _observation(self, code: Code) -> Resource:
        return {
            "resourceType": "Observation",
            "status": STATUS,
            "category": [{"coding": [IMAGING]}],
            "code": _concept(code),
            "subject": self._subject_reference(),
            "issued": self._issued,
            "device": self._reference("device", MANUFACTURER),
        }

    def _device(self) -> Resource:
        origin = self._result.origin
        return {
            "resourceType": "Device",
            "manufacturer": MANUFACTURER,
            "deviceName": [{"name": f"{MANUFACTURER} ({NO_DEVICE})", "type": "user-friendly-name"}],
            "version": [
                {"type": {"text": name}, "value": value}
                for name, value in (("program", origin.program), ("model card", origin.model_card))
                if value
            ],
        }

    def _entry(self, name: str, resource: Resource) -> Resource:
        return {"fullUrl": self._urn(name), "resource": resource}

    def _urn(self, name: str) -> str:
        origin = self._result.origin
        own = f"turnstile {ENCODING} {origin.analysis_id} {origin.model_card} {self._number} {name}"
        return f"urn:uuid:{uuid5(NAMESPACE_OID, own)}"

    def _reference(self, name: str, display: str | None = None) -> Resource:
        return {"reference": self._urn(name)} | ({"display": display} if display else {})

    def _subject_reference(self) -> Resource:
        identifier = {"system": "urn:turnstile:patient", "value": self._subject.patient_id}
        return {"type": "Patient", "identifier": identifier, "display": self._subject.display}


def _conclusion(result: StudyResult) -> str:
    if result.reason is not None:
        return f"Not analysed ({result.reason[0]}): {result.reason[1]} {MANUFACTURER} is {NO_DEVICE}."
    point = result.operating_point
    against = f", threshold {point.threshold:.3f} ({point.name})" if point else ""
    return (
        f"{codes.VERDICTS[result.verdict].meaning}: probability of pathology {result.probability:.3f}{against}. "
        f"{MANUFACTURER} is {NO_DEVICE}; a radiologist decides."
    )


def _concept(code: Code) -> Resource:
    return {"coding": [{"system": SYSTEMS[code.scheme_designator], "code": code.value, "display": code.meaning}]}


def _absent(code: str, display: str) -> Resource:
    return {"coding": [{"system": ABSENT, "code": code, "display": display}]}


def _components(figures: Sequence[Figure]) -> list[Resource]:
    return [
        {
            "code": _concept(code),
            "valueQuantity": {"value": value, "system": SYSTEMS["UCUM"], "code": unit.value},
        }
        for code, value, unit in figures
    ]

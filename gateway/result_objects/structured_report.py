"""The result as Comprehensive SR, TID 1500, with the algorithm of TID 4019 in every group (PS3.16).

The first group is the verdict; then one group for each finding that was assessed, the suspicious region as rectangles
on the images, and the coverage of the lungs. It refers to source images only, so it stands alone where an archive
takes no other object.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr import (
    AlgorithmIdentification,
    ComprehensiveSR,
    DeviceObserverIdentifyingAttributes,
    FindingSite,
    GraphicTypeValues,
    ImageRegion,
    Measurement,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    ObserverContext,
    QualitativeEvaluation,
    RelationshipTypeValues,
    SourceImageForMeasurementGroup,
    SourceImageForRegion,
    TextContentItem,
    TrackingIdentifier,
    ValueTypeValues,
    VolumetricROIMeasurementsAndQualitativeEvaluations,
)
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from gateway.result_objects import codes as own_codes
from gateway.result_objects.figures import (
    Figure,
    coverage_faults,
    coverage_figures,
    finding_figures,
    verdict_figures,
)
from gateway.result_objects.object_identity import MANUFACTURER, ObjectIdentity
from gateway.result_objects.outline import outline
from gateway.result_objects.source_images import SourceImages
from gateway.result_objects.study_result import StudyResult
from screening.results.findings import Finding, FindingStatus
from screening.results.localisation import Localisation

Group = MeasurementsAndQualitativeEvaluations | VolumetricROIMeasurementsAndQualitativeEvaluations


def structured_report(identity: ObjectIdentity, source: SourceImages) -> Dataset:
    """The SR of any result, that of a study which was not analysed too."""
    return ComprehensiveSR(
        evidence=source.images,
        content=_Content(identity, source).report(),
        is_complete=True,
        is_final=False,
        is_verified=False,
        coding_schemes=[
            CodingSchemeIdentificationItem(
                own_codes.OWN_SCHEME, name="Codes of Turnstile", responsible_organization=MANUFACTURER
            )
        ],
        **identity.arguments,
    )


class _Content:
    """The content tree of one report."""

    def __init__(self, identity: ObjectIdentity, source: SourceImages) -> None:
        self._identity = identity
        self._result: StudyResult = identity.result
        self._source = source

    def report(self) -> MeasurementReport:
        observer = DeviceObserverIdentifyingAttributes(
            uid=self._identity.uid("device"),
            name=MANUFACTURER,
            manufacturer_name=MANUFACTURER,
            model_name=MANUFACTURER,
            serial_number=self._result.origin.model_card or None,
        )
        report = MeasurementReport(
            observation_context=ObservationContext(ObserverContext(codes.DCM.Device, observer)),
            procedure_reported=own_codes.CT_OF_CHEST,
            imaging_measurements=list(self._groups()),
        )
        _separate(report[0])
        return report

    def _groups(self) -> Iterator[Group]:
        yield self._verdict()
        yield from (self._finding(one) for one in self._result.findings if one.score is not None)
        if self._result.box is not None and self._source.volume is not None:
            yield self._region(self._result.box)
        if self._result.coverage is not None:
            yield self._coverage(self._result.coverage)

    def _verdict(self) -> Group:
        result = self._result
        evaluations = [
            QualitativeEvaluation(own_codes.VERDICT, own_codes.VERDICTS[result.verdict]),
            QualitativeEvaluation(own_codes.SUMMARY, own_codes.SUMMARIES[result.verdict]),
        ]
        if result.reason is not None:
            code, _ = result.reason
            evaluations.append(QualitativeEvaluation(own_codes.REASON, own_codes.own(code, code.replace("_", " "))))
        evaluations += [
            QualitativeEvaluation(own_codes.finding_code(one.name), own_codes.STATUSES[one.status])
            for one in result.findings
            if one.status is FindingStatus.NOT_ASSESSED
        ]
        group = self._group(
            "Verdict",
            measurements=_measurements(verdict_figures(result)),
            qualitative_evaluations=evaluations,
            source_images=self._images([result.key_slice]),
        )
        _comment(group, result.remarks)
        return group

    def _finding(self, finding: Finding) -> Group:
        code = own_codes.finding_code(finding.name)
        return self._group(
            f"Finding: {finding.name}",
            measurements=_measurements(finding_figures(finding)),
            qualitative_evaluations=[QualitativeEvaluation(code, own_codes.STATUSES[finding.status])],
            source_images=self._images([finding.slice]),
        )

    def _region(self, box: Localisation) -> Group:
        """The box as one rectangle on each of its slices."""
        regions = [
            ImageRegion(
                GraphicTypeValues.POLYLINE,
                outline(box),
                SourceImageForRegion(image.SOPClassUID, image.SOPInstanceUID),
            )
            for image in self._source.images[box.z[0] : box.z[1] + 1]
        ]
        return VolumetricROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=self._tracking("Suspicious region"),
            referenced_regions=regions,
            finding_type=own_codes.REGION,
            finding_category=own_codes.ABNORMAL_STRUCTURE,
            finding_sites=[FindingSite(own_codes.THORAX)],
            algorithm_id=self._algorithm(),
        )

    def _coverage(self, coverage: Mapping[str, Any]) -> Group:
        group = self._group(
            "Coverage of the lungs",
            measurements=_measurements(coverage_figures(coverage)),
            qualitative_evaluations=[
                QualitativeEvaluation(own_codes.COVERAGE, own_codes.COVERAGES[bool(coverage["complete"])])
            ],
            finding_site=own_codes.LUNG,
        )
        _comment(group, coverage_faults(coverage))
        return group

    def _group(
        self,
        name: str,
        *,
        measurements: Sequence[Measurement],
        qualitative_evaluations: Sequence[QualitativeEvaluation],
        source_images: Sequence[SourceImageForMeasurementGroup] = (),
        finding_site: Code = own_codes.THORAX,
    ) -> MeasurementsAndQualitativeEvaluations:
        return MeasurementsAndQualitativeEvaluations(
            tracking_identifier=self._tracking(name),
            algorithm_id=self._algorithm(),
            finding_sites=[FindingSite(finding_site)],
            measurements=measurements or None,
            qualitative_evaluations=qualitative_evaluations,
            source_images=source_images or None,
        )

    def _tracking(self, name: str) -> TrackingIdentifier:
        return TrackingIdentifier(self._identity.uid("tracking", name), name)

    def _algorithm(self) -> AlgorithmIdentification:
        origin, point = self._result.origin, self._result.operating_point
        parameters = [f"model card: {origin.model_card or 'none'}", f"analysis: {origin.analysis_id}"]
        if point is not None:
            parameters.append(f"operating point: {point.name}, threshold {point.threshold:.6g}")
        return AlgorithmIdentification(
            name=MANUFACTURER,
            version=f"{origin.program} {origin.model_card}".strip(),
            parameters=parameters,
            family=own_codes.ARTIFICIAL_INTELLIGENCE,
            manufacturer=MANUFACTURER,
        )

    def _images(self, slices: Sequence[int | None]) -> list[SourceImageForMeasurementGroup]:
        if self._source.volume is None:
            return []
        images = [self._source.images[index] for index in slices if index is not None]
        return [SourceImageForMeasurementGroup(one.SOPClassUID, one.SOPInstanceUID) for one in images]


def _measurements(figures: Sequence[Figure]) -> list[Measurement]:
    return [Measurement(code, value, unit) for code, value, unit in figures]


def _separate(item: Dataset) -> None:
    """Its items are no running text (PS3.3 C.18.8); of continuous ones viewers show the values without their names."""
    if item.ValueType == ValueTypeValues.CONTAINER.value:
        item.ContinuityOfContent = "SEPARATE"
        for child in item.get("ContentSequence", ()):
            _separate(child)


def _comment(group: Group, lines: Sequence[str]) -> None:
    """TID 1501 is extensible: what has no code is a comment."""
    for line in lines:
        group[0].ContentSequence.append(
            TextContentItem(own_codes.COMMENT, line, relationship_type=RelationshipTypeValues.CONTAINS)
        )

"""The result as Comprehensive SR, TID 1500, with the algorithm of TID 4019 in every group (PS3.16).

The first group is the verdict; then one group for each finding that was assessed, the suspicious region as rectangles
on the images, and the coverage of the lungs. It refers to source images only, so it stands alone where an archive
takes no other object.
"""

from collections.abc import Iterator, Sequence

import numpy as np
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
    VolumetricROIMeasurementsAndQualitativeEvaluations,
)
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from gateway.result_objects import codes as own_codes
from gateway.result_objects.object_identity import MANUFACTURER, ObjectIdentity
from gateway.result_objects.source_images import SourceImages
from gateway.result_objects.study_result import StudyResult
from screening.results.findings import Finding, FindingStatus

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
        return MeasurementReport(
            observation_context=ObservationContext(ObserverContext(codes.DCM.Device, observer)),
            procedure_reported=own_codes.CT_OF_CHEST,
            imaging_measurements=list(self._groups()),
        )

    def _groups(self) -> Iterator[Group]:
        yield self._verdict()
        yield from (self._finding(one) for one in self._result.findings if one.score is not None)
        if self._result.box is not None and self._source.volume is not None:
            yield self._region(self._result.box.x, self._result.box.y, self._result.box.z)
        if self._result.coverage is not None:
            yield self._coverage()

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
            measurements=list(self._probability()),
            qualitative_evaluations=evaluations,
            source_images=self._images([result.key_slice]),
        )
        _comment(group, result.remarks)
        return group

    def _probability(self) -> Iterator[Measurement]:
        result, point = self._result, self._result.operating_point
        if result.probability is None:
            return
        yield Measurement(own_codes.PROBABILITY, round(result.probability, 6), own_codes.NO_UNITS)
        if point is not None:
            figures = (
                (own_codes.THRESHOLD, point.threshold),
                (own_codes.SENSITIVITY, point.sensitivity),
                (own_codes.SPECIFICITY, point.specificity),
            )
            for name, value in figures:
                if value is not None:
                    yield Measurement(name, round(value, 6), own_codes.NO_UNITS)

    def _finding(self, finding: Finding) -> Group:
        figures = ((own_codes.FINDING_SCORE, finding.score), (own_codes.FINDING_THRESHOLD, finding.threshold))
        code = own_codes.finding_code(finding.name)
        return self._group(
            f"Finding: {finding.name}",
            measurements=[
                Measurement(name, round(value, 6), own_codes.NO_UNITS) for name, value in figures if value is not None
            ],
            qualitative_evaluations=[QualitativeEvaluation(code, own_codes.STATUSES[finding.status])],
            source_images=self._images([finding.slice]),
        )

    def _region(self, x: tuple[int, int], y: tuple[int, int], z: tuple[int, int]) -> Group:
        """The box as one rectangle on each of its slices; its edges are the outer edges of its pixels (C.10.5.1.2)."""
        left, right, top, bottom = float(x[0]), x[1] + 1.0, float(y[0]), y[1] + 1.0
        rectangle = np.array([[left, top], [right, top], [right, bottom], [left, bottom], [left, top]])
        regions = [
            ImageRegion(
                GraphicTypeValues.POLYLINE,
                rectangle,
                SourceImageForRegion(image.SOPClassUID, image.SOPInstanceUID),
            )
            for image in self._source.images[z[0] : z[1] + 1]
        ]
        return VolumetricROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=self._tracking("Suspicious region"),
            referenced_regions=regions,
            finding_type=own_codes.REGION,
            finding_category=own_codes.ABNORMAL_STRUCTURE,
            finding_sites=[FindingSite(own_codes.THORAX)],
            algorithm_id=self._algorithm(),
        )

    def _coverage(self) -> Group:
        coverage = self._result.coverage or {}
        figures = (
            (own_codes.VOLUME, coverage.get("volume_ml"), own_codes.MILLILITRE),
            (own_codes.HEIGHT, coverage.get("height_mm"), own_codes.MILLIMETRE),
            (own_codes.WIDEST_UNSEEN, coverage.get("widest_unseen_mm"), own_codes.MILLIMETRE),
        )
        group = self._group(
            "Coverage of the lungs",
            measurements=[
                Measurement(name, round(float(value), 3), unit) for name, value, unit in figures if value is not None
            ],
            qualitative_evaluations=[
                QualitativeEvaluation(own_codes.COVERAGE, own_codes.COVERAGES[bool(coverage["complete"])])
            ],
            finding_site=own_codes.LUNG,
        )
        _comment(group, [f"{fault['code']}: {fault['detail']}" for fault in coverage["faults"]])
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


def _comment(group: Group, lines: Sequence[str]) -> None:
    """TID 1501 is extensible: what has no code is a comment."""
    for line in lines:
        group[0].ContentSequence.append(
            TextContentItem(own_codes.COMMENT, line, relationship_type=RelationshipTypeValues.CONTAINS)
        )

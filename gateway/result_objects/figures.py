"""The figures of a result with their codes and units, the same in SR and FHIR; what is not known is left out."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydicom.sr.coding import Code

from gateway.result_objects import codes
from gateway.result_objects.study_result import StudyResult
from screening.results.findings import Finding

Figure = tuple[Code, float, Code]  # what, how much, unit


def verdict_figures(result: StudyResult) -> Sequence[Figure]:
    """Probability and operating point; none of a study that was not analysed."""
    point = result.operating_point
    return _known(
        (codes.PROBABILITY, result.probability, codes.NO_UNITS),
        (codes.THRESHOLD, point.threshold if point else None, codes.NO_UNITS),
        (codes.SENSITIVITY, point.sensitivity if point else None, codes.NO_UNITS),
        (codes.SPECIFICITY, point.specificity if point else None, codes.NO_UNITS),
    )


def finding_figures(finding: Finding) -> Sequence[Figure]:
    """Score and threshold of an assessed finding."""
    return _known(
        (codes.FINDING_SCORE, finding.score, codes.NO_UNITS),
        (codes.FINDING_THRESHOLD, finding.threshold, codes.NO_UNITS),
    )


def coverage_figures(coverage: Mapping[str, Any]) -> Sequence[Figure]:
    """Volume and height of the lungs, and their widest stretch without a view."""
    return _known(
        (codes.VOLUME, coverage.get("volume_ml"), codes.MILLILITRE),
        (codes.HEIGHT, coverage.get("height_mm"), codes.MILLIMETRE),
        (codes.WIDEST_UNSEEN, coverage.get("widest_unseen_mm"), codes.MILLIMETRE),
    )


def coverage_faults(coverage: Mapping[str, Any]) -> Sequence[str]:
    """Code and text of each fault of the coverage."""
    return [f"{fault['code']}: {fault['detail']}" for fault in coverage["faults"]]


def _known(*figures: tuple[Code, float | None, Code]) -> Sequence[Figure]:
    return [(code, round(float(value), 6), unit) for code, value, unit in figures if value is not None]

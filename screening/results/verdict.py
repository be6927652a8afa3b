"""The verdict: three values, and the only line of the program that returns `normal`."""

from enum import StrEnum

from screening.lungs.coverage import Coverage
from screening.results.model_card import OperatingPoint


class Verdict(StrEnum):
    """The verdict of a study; every error gives `not_analysed`."""

    NORMAL = "normal"
    PATHOLOGY = "pathology"
    NOT_ANALYSED = "not_analysed"


def verdict_of(probability: float, point: OperatingPoint, coverage: Coverage) -> Verdict:
    """Pathology at or above the operating point's threshold, or NaN; normal below it if the coverage is complete."""
    if not probability < point.threshold:
        return Verdict.PATHOLOGY
    return Verdict.NORMAL if coverage.complete else Verdict.NOT_ANALYSED

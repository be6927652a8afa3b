"""The verdict: three values, and the only line of the program that returns `normal`."""

from enum import StrEnum

from screening.model_card import OperatingPoint


class Verdict(StrEnum):
    """The verdict of a study; every error gives `not_analysed`."""

    NORMAL = "normal"
    PATHOLOGY = "pathology"
    NOT_ANALYSED = "not_analysed"


def verdict_of(probability: float, point: OperatingPoint) -> Verdict:
    """Pathology at or above the operating point's threshold; NaN is not below it, so it is pathology too."""
    return Verdict.NORMAL if probability < point.threshold else Verdict.PATHOLOGY

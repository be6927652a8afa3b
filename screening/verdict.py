"""The verdict: three values, and the one line of the program that says `normal`."""

from enum import StrEnum

from screening.model_card import OperatingPoint


class Verdict(StrEnum):
    """`not_analysed` is what every error ends in."""

    NORMAL = "normal"
    PATHOLOGY = "pathology"
    NOT_ANALYSED = "not_analysed"


def verdict_of(probability: float, point: OperatingPoint) -> Verdict:
    """Pathology at the operating point and above it; what is no number is not below it, so it is not normal either."""
    return Verdict.NORMAL if probability < point.threshold else Verdict.PATHOLOGY

"""A probability -> the verdict. `Verdict.NORMAL` is given on one line of the program, and it is here."""

from enum import StrEnum

from screening.model_card import OperatingPoint


class Verdict(StrEnum):
    """What Turnstile says of a study; a study that could not be analysed is never normal."""

    NORMAL = "normal"
    PATHOLOGY = "pathology"
    NOT_ANALYSED = "not_analysed"


def decide(probability: float, operating_point: OperatingPoint) -> Verdict:
    """Pathology at or above the threshold, normal below; raises ValueError for what is no probability."""
    if not 0.0 <= probability <= 1.0:  # false for NaN too
        raise ValueError(f"{probability} is no probability")
    if probability >= operating_point.threshold:
        return Verdict.PATHOLOGY
    return Verdict.NORMAL

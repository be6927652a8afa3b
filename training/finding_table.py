"""The table of the findings in docs/model-card.md."""

from collections.abc import Iterator, Mapping, Sequence

from screening.evaluation.bootstrap import Interval
from training.finding_assessment import BAR, LEAST_FOUND, LEAST_LABELLED, FindingAssessment
from training.finding_comparisons import Against, Comparison
from training.finding_thresholds import SPECIFICITY


def finding_lines(found: Sequence[FindingAssessment]) -> Iterator[str]:
    """A row for each finding, and in words what decides."""
    yield f"A finding is assessed where validation has {LEAST_LABELLED} labelled patients with it or more, the 95 %"
    yield f"interval of each ROC-AUC begins at {BAR} or above, and {LEAST_FOUND:.0%} of composed studies with it are"
    yield f"found where {SPECIFICITY:.0%} of each set's without it pass. Slices with it are held against three others:"
    yield "slices of the same data set without it; slices of other data sets with another finding, which a network may"
    yield "tell by the look of the set; and the same normal slices with painted lesions of other kinds. All others are"
    yield "not assessed by these weights, and no report names them.\n"
    yield "| finding | assessed | ROC-AUC, same set | other findings | painted |"
    yield "|---|---|---|---|---|"
    for one in found:
        yield f"| {one.name} | {_assessed(one)} | {_comparisons(one.validation)} |"
    yield "\nThe assessed ones on test patients; sensitivity and specificity of composed studies, exact intervals:\n"
    yield "| finding | threshold | sensitivity | specificity | AUC, same set | other findings | painted | agreement |"
    yield "|---|---|---|---|---|---|---|---|"
    for one in (one for one in found if one.assessed):
        figures = f"{one.threshold:.3f} | {_figure(one.sensitivity)} | {_figure(one.specificity)}"
        agreement = "-" if one.agreement is None else f"{one.agreement:.2f}"
        yield f"| {one.name} | {figures} | {_comparisons(one.test)} | {agreement} |"
    yield "\nAgreement: Spearman's rank correlation with the scores of the original authors' checkpoint."


def _assessed(one: FindingAssessment) -> str:
    return f"yes, {one.labelled} patients" if one.assessed else f"no: {one.reason}"


def _comparisons(compared: Mapping[Against, Comparison]) -> str:
    return " | ".join(_figure(compared[key].auc) if key in compared else "-" for key in Against)


def _figure(figure: Interval | None) -> str:
    return "-" if figure is None else str(figure)

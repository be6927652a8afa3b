"""Which of the 16 findings these weights can tell: decided by validation patients, with figures on test patients."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.stats import spearmanr

from screening.contract import FINDINGS, FindingsKind
from screening.evaluation.bootstrap import Interval
from training.finding_comparisons import Against, Comparison, FindingValues, comparisons
from training.finding_thresholds import FINDING_RULE, FindingStudies, finding_studies

BAR: Final = 0.70  # of the lower bound of each ROC-AUC: acceptable discrimination (Hosmer and Lemeshow 2013)
LEAST_LABELLED: Final = 8  # patients with the finding in validation
LEAST_FOUND: Final = 0.5  # of the composed validation studies with the finding, at the threshold


@dataclass(frozen=True)
class FindingAssessment:
    """What is known of one finding. `reason` says why it is not assessed, and is empty where it is.

    `validation` and `test` hold the comparisons of slices; `threshold` is fitted on validation, `sensitivity` and
    `specificity` are of composed test studies. `agreement` is the rank correlation with the scores of the published
    checkpoint on test slices.
    """

    name: str
    labelled: int
    validation: Mapping[Against, Comparison]
    test: Mapping[Against, Comparison]
    reason: str
    threshold: float | None
    sensitivity: Interval | None
    specificity: Interval | None
    agreement: float | None

    @property
    def assessed(self) -> bool:
        return not self.reason


@dataclass(frozen=True)
class SideFindings:
    """Slices of one side of the split with the values of the findings, and normal ones with painted lesions."""

    real: FindingValues
    painted: FindingValues


def assess(validation: SideFindings, test: SideFindings) -> list[FindingAssessment]:
    """All 16 findings, in the contract's order."""
    return [_assessment(name, validation, test) for name in FINDINGS]


def findings_json(found: Sequence[FindingAssessment], kind: FindingsKind, checkpoint: str) -> dict[str, Any]:
    """The section `findings` of decision.json and of the model card; `checkpoint` is the SHA-256 of the weights."""
    return {
        "kind": kind.value,
        "checkpoint_sha256": checkpoint,
        "volume_rule": FINDING_RULE.to_json(),
        "bar": {"auc_low": BAR, "patients": LEAST_LABELLED, "sensitivity": LEAST_FOUND},
        "assessed": {one.name: _figures(one) for one in found if one.assessed},
        "not_assessed": {one.name: one.reason for one in found if not one.assessed},
    }


def _assessment(name: str, validation: SideFindings, test: SideFindings) -> FindingAssessment:
    compared, on_test = (_compared(name, side) for side in (validation, test))
    labelled = len({row.patient for row in validation.real.rows if name in (row.findings or ())})
    fitted = finding_studies(name, validation.real)
    reason = why_not(labelled, compared, fitted)
    threshold = fitted.threshold() if fitted is not None and not reason else None
    called = finding_studies(name, test.real) if threshold is not None else None
    return FindingAssessment(
        name=name,
        labelled=labelled,
        validation=compared,
        test=on_test,
        reason=reason,
        threshold=threshold,
        sensitivity=called.sensitivity(threshold) if called is not None and threshold is not None else None,
        specificity=called.specificity(threshold) if called is not None and threshold is not None else None,
        agreement=_agreement(name, test.real),
    )


def why_not(labelled: int, compared: Mapping[Against, Comparison], studies: FindingStudies | None) -> str:
    """Why a finding cannot be told, in one line; empty when it can.

    It must be told from what differs from it in nothing but the finding: without such a comparison, a high ROC-AUC may
    be that of a network that knows the data set.
    """
    if labelled < LEAST_LABELLED:
        return f"{labelled} labelled patients of {LEAST_LABELLED}" if labelled else "no labelled patients"
    if not {Against.SAME_SET, Against.PAINTED} & set(compared):
        return "no comparison within a data set or a slice"
    low = min(compared.values(), key=lambda comparison: comparison.auc.low)
    if low.auc.low < BAR:
        return f"ROC-AUC {low.auc} against {low.against.value}"
    if studies is None:
        return "no studies could be composed"
    threshold = studies.threshold()
    if not 0.0 < threshold < 1.0 or (found := studies.sensitivity(threshold).value) < LEAST_FOUND:
        return f"{found:.2f} of the studies with it are found" if 0.0 < threshold < 1.0 else "no threshold fits"
    return ""


def _compared(name: str, side: SideFindings) -> dict[Against, Comparison]:
    return {one.against: one for one in comparisons(name, side.real, side.painted)}


def _agreement(name: str, slices: FindingValues) -> float | None:
    number = FINDINGS.index(name)
    scored = [index for index, row in enumerate(slices.rows) if row.scores]
    soft = np.array([slices.rows[index].scores[number] for index in scored])
    if len(set(soft.tolist())) < 2:
        return None
    return float(spearmanr(slices.values[scored, number], soft).statistic)


def _figures(one: FindingAssessment) -> dict[str, Any]:
    figures = {"sensitivity": one.sensitivity, "specificity": one.specificity}
    return {
        "threshold": one.threshold,
        "patients": one.labelled,
        "auc": {key.name.lower(): _interval(comparison.auc) for key, comparison in one.validation.items()},
        **{name: _interval(figure) for name, figure in figures.items() if figure is not None},
    }


def _interval(figure: Interval) -> list[float]:
    return [round(value, 4) for value in (figure.value, figure.low, figure.high)]

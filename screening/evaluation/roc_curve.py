"""ROC curve of the test studies for the web page: sensitivity and specificity by threshold, and the AUC."""

from typing import Any, Final

import numpy as np

from screening.evaluation.evaluated_studies import EvaluatedStudies
from screening.evaluation.exact_interval import exact_interval
from screening.evaluation.metrics import decide, roc_auc

POINTS: Final = 101


def curve_figures(studies: EvaluatedStudies, data: str) -> dict[str, Any]:
    """ROC-AUC with its 95 % confidence interval, and sensitivity and specificity at ascending thresholds.

    ROC-AUC is the proportion of pairs of a normal and a pathological patient that are in order. Its interval is the
    exact one of as many independent pairs as there are patients of the rarer class, so that an AUC of 1 has a width.
    The thresholds are quantiles of the probabilities. `data` is a text that describes the studies.
    """
    labels, probabilities = studies.labels, studies.probabilities
    auc = exact_interval(roc_auc(labels, studies.scores), min(studies.patients))
    thresholds = np.unique(np.quantile(probabilities, np.linspace(0.0, 1.0, POINTS)))
    decisions = [(threshold, decide(labels, probabilities, threshold)) for threshold in thresholds.tolist()]
    return {
        "auc": auc.value,
        "auc_ci": [auc.low, auc.high],
        "studies": len(labels),
        "with_pathology": int(labels.sum()),
        "data": data,
        "curve": [
            {"threshold": threshold, "sensitivity": decision.sensitivity, "specificity": decision.specificity}
            for threshold, decision in decisions
        ],
    }

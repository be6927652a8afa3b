"""ROC curve of the test studies for the web page: sensitivity and specificity by threshold, and the AUC."""

from typing import Any, Final

import numpy as np

from training.bootstrap import interval
from training.decision_fitting import EvaluatedStudies
from training.metrics import decide, roc_auc

POINTS: Final = 101


def curve_figures(studies: EvaluatedStudies, data: str) -> dict[str, Any]:
    """ROC-AUC with its 95 % confidence interval, and sensitivity and specificity at ascending thresholds.

    The thresholds are quantiles of the probabilities. `data` is a text that describes the studies.
    """
    labels, probabilities = studies.labels, studies.probabilities
    patients = np.arange(len(labels)).astype(str)  # each composed study counts as one patient
    auc = interval(roc_auc, labels, studies.scores, patients)
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

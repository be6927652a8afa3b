"""The curve of the test studies as the page draws it: what another threshold would do, and how sure that is."""

from typing import Any, Final

import numpy as np

from training.bootstrap import interval
from training.decision_fitting import Judged
from training.metrics import decide, roc_auc

POINTS: Final = 101


def curve_figures(judged: Judged, data: str) -> dict[str, Any]:
    """ROC-AUC with its 95 % interval, and sensitivity and specificity at thresholds that ascend.

    The thresholds are quantiles of the probabilities: where these lie close, so do the points. `data` says in words
    what was judged.
    """
    labels, probabilities = judged.labels, judged.probabilities
    alone = np.arange(len(labels)).astype(str)  # each composed study stands for a patient of its own
    auc = interval(roc_auc, labels, judged.scores, alone)
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

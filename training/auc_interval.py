"""95 % confidence interval of a ROC-AUC from the numbers of independent patients (Hanley and McNeil 1982).

A bootstrap of composed studies takes each of them for a patient, and its interval is too narrow.
"""

import math
from typing import Final

from training.bootstrap import Interval

DEVIATIONS: Final = 1.959964  # of a normal distribution: 95 % lie within


def auc_interval(auc: float, pathological: int, normal: int) -> Interval:
    """The AUC (0 ... 1) with its interval, symmetric in its logit so that it stays inside (0, 1).

    The standard error is that of Hanley and McNeil. It would be 0 with an AUC of 0 or 1, and is then taken half a pair
    of patients away from it. Raises ValueError without a patient of each class.
    """
    if min(pathological, normal) < 1:
        raise ValueError(f"an AUC needs patients of both classes: {pathological} pathological, {normal} normal")
    margin = 0.5 / (pathological * normal)
    inside = min(max(auc, margin), 1 - margin)
    both_pathological, both_normal = inside / (2 - inside), 2 * inside**2 / (1 + inside)
    variance = (
        inside * (1 - inside)
        + (pathological - 1) * (both_pathological - inside**2)
        + (normal - 1) * (both_normal - inside**2)
    ) / (pathological * normal)
    logit = math.log(inside / (1 - inside))
    half_width = DEVIATIONS * math.sqrt(variance) / (inside * (1 - inside))
    low, high = (1 / (1 + math.exp(-(logit + sign * half_width))) for sign in (-1, 1))
    return Interval(auc, min(low, auc), max(high, auc))

"""Exact 95 % confidence interval of a proportion of patients (Clopper and Pearson 1934).

A bootstrap of cases that are all found gives an interval without width; this one is as wide as few patients make it.
"""

from typing import Final

import numpy as np
from scipy.stats import beta

from screening.evaluation.bootstrap import Interval

ALPHA: Final = 0.05


def exact_interval(proportion: float, patients: int) -> Interval:
    """The proportion (0 ... 1) with its interval if `patients` independent patients had been counted."""
    if patients < 1:
        return Interval(proportion, 0.0, 1.0)
    found = proportion * patients
    low = float(beta.ppf(ALPHA / 2, found, patients - found + 1)) if found > 0 else 0.0
    high = float(beta.ppf(1 - ALPHA / 2, found + 1, patients - found)) if found < patients else 1.0
    return Interval(proportion, float(np.nan_to_num(low)), float(np.nan_to_num(high, nan=1.0)))

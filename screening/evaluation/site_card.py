"""The model card of a site: the shipped card's networks with the site's own calibration, points and figures.

It names no study and no patient. Its version follows from its content, so that equal studies give an equal card.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from screening.evaluation.bootstrap import Interval
from screening.evaluation.evaluated_studies import EvaluatedStudies
from screening.evaluation.roc_curve import curve_figures
from screening.evaluation.site_calibration import SiteCalibration, SiteFigures
from screening.evaluation.site_decision import same_score
from screening.results.model_card import ModelCard
from screening.results.site_version import DATA_SET, site_version

HISTOGRAM_BINS: Final = 20
DIGITS: Final = 4
FIGURES_OF: Final = "the site's own studies, each patient judged by a fit on the other patients"


def site_card(shipped: Mapping[str, Any], calibration: SiteCalibration, left_out: Mapping[str, int]) -> dict[str, Any]:
    """The site's card as JSON, from that of the shipped networks; validated by serving's `ModelCard`."""
    decision, after = calibration.decision, calibration.after
    evaluated = _evaluated(calibration)
    decided = {
        "volume_rule": decision.rule.to_json(),
        "calibration": decision.calibration.to_json(),
        "operating_points": {
            name: point.to_json() | {"measured_on": evaluated.to_json()} for name, point in after.points.items()
        },
        "operating_point": calibration.default_point,
        "probability_histogram": np.histogram(after.probabilities, HISTOGRAM_BINS, (0.0, 1.0))[0].tolist(),
        "figures": _curve(evaluated),
        "site": site_figures(calibration, shipped["version"], left_out),
    }
    if "expert3d" in shipped:
        decided["expert3d"] = _same_studies_asked(shipped, calibration)
    card = {**shipped, **decided}
    card["version"] = site_version(card)
    ModelCard.from_json(card)
    return card


def site_figures(calibration: SiteCalibration, shipped: str, left_out: Mapping[str, int]) -> dict[str, Any]:
    """What the studies were, and the figures before and after, as JSON; `shipped` is the version of that card."""
    normal, pathological = calibration.studies.patient_counts
    months = calibration.studies.months
    return {
        "shipped": shipped,
        "studies": len(calibration.studies),
        "patients": {"normal": normal, "pathological": pathological},
        "months": list(months) if months else None,
        "left_out": dict(sorted(left_out.items())),
        "kept": calibration.kept,
        "before": _side(calibration.before, calibration.before_point),
        "after": _side(calibration.after, calibration.default_point),
    }


def _same_studies_asked(shipped: Mapping[str, Any], calibration: SiteCalibration) -> dict[str, Any]:
    """The rules of the 3D expert with the grey zone in the site's probabilities, so that the same scores lie in it."""
    rules, before = shipped["expert3d"], ModelCard.from_json(shipped).calibration
    zone = [same_score(edge, before, calibration.decision.calibration) for edge in rules["grey_zone"]]
    return {**rules, "grey_zone": zone}


def _side(figures: SiteFigures, point: str) -> dict[str, Any]:
    return {
        "auc": _interval(figures.auc),
        "brier": _interval(figures.brier),
        "calibration_error": _interval(figures.calibration_error),
        "operating_point": {"name": point, **figures.points[point].to_json()},
    }


def _interval(figure: Interval) -> dict[str, float]:
    return {
        "value": round(figure.value, DIGITS),
        "low": round(figure.low, DIGITS),
        "high": round(figure.high, DIGITS),
    }


def _evaluated(calibration: SiteCalibration) -> EvaluatedStudies:
    studies, probabilities = calibration.studies, calibration.after.probabilities
    names = np.full(len(studies), DATA_SET)
    counts = studies.patient_counts
    return EvaluatedStudies(studies.labels, probabilities, probabilities, names, counts, composed=False)


def _curve(evaluated: EvaluatedStudies) -> dict[str, Any]:
    normal, pathological = evaluated.patients
    patients = {"normal": normal, "pathological": pathological}
    return {**curve_figures(evaluated, FIGURES_OF), "patients": patients}

"""Decision parameters for the model card: error range, calibration and operating points."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from screening.contract import FINDINGS, Contract, FindingsKind
from screening.results.model_card import InvalidModelCard, ModelCard, fingerprint
from screening.results.volume_rule import MAXIMUM

REQUIRED: Final = (
    "view_spacing_mm",
    "test_time_slices",
    "volume_rule",
    "error_rule",
    "error_range",
    "calibration",
    "operating_points",
    "operating_point",
)
OPTIONAL: Final = ("provenance", "figures", "probability_histogram", "findings")


def load_decision(path: Path) -> dict[str, Any]:
    """The required keys of the JSON that evaluation wrote, with provenance and figures if there are any.

    Raises InvalidModelCard.
    """
    try:
        decision = json.loads(path.read_text("utf-8"))
        required = {key: decision[key] for key in REQUIRED}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidModelCard(f"{path.name} cannot be used: {type(error).__name__}: {error}") from error
    return required | {key: decision[key] for key in OPTIONAL if key in decision}


def with_findings_of(decision: Mapping[str, Any], kind: FindingsKind, checkpoint: str) -> dict[str, Any]:
    """The decision with what is assessed by the exported findings; `checkpoint` is the SHA-256 of their weights.

    Thresholds of other weights mean nothing for these: without figures of this checkpoint, no finding is assessed.
    """
    measured = decision.get("findings")
    if measured and (measured["kind"], measured["checkpoint_sha256"]) == (kind.value, checkpoint):
        return dict(decision)
    return {**decision, "findings": _none_assessed(kind, "these weights were not evaluated")}


def _none_assessed(kind: FindingsKind, reason: str) -> dict[str, Any]:
    silent = dict.fromkeys(FINDINGS, reason)
    return {"kind": kind.value, "volume_rule": MAXIMUM.to_json(), "assessed": {}, "not_assessed": silent}


def placeholder_decision(errors: NDArray[np.float32], kind: FindingsKind) -> dict[str, Any]:
    """Parameters for untrained networks: the authors' calibration and thresholds, and a matching error range.

    `errors` are the reconstruction errors of the networks on the calibration slices.
    """
    low, high = float(errors.min()), float(errors.max())
    margin = 0.1 * (high - low) + 1e-6
    return {
        "view_spacing_mm": 8.0,
        "test_time_slices": 12,
        "volume_rule": {"name": "maximum", "mm": None},
        "error_rule": {"clip": 1.0, "min_lung_share": 0.0},
        "error_range": {"r_min": round(low - margin, 4), "r_max": round(high + margin, 4)},
        "calibration": {"a": 5.850918582, "b": -3.720565461},
        "operating_points": {
            "published": {"threshold": 0.44},
            "f1": {"threshold": 0.47},
            "youden": {"threshold": 0.53},
            "sensitivity_95": {"threshold": 0.30},
            "median": {"threshold": 0.495},
        },
        "operating_point": "published",
        "findings": _none_assessed(kind, "untrained weights"),
        "provenance": {"weights": "seeded, untrained: the verdict means nothing", "thresholds": "placeholders"},
    }


def build_model_card(
    decision: Mapping[str, Any], contract: Contract, trained: bool, file_hashes: Mapping[str, str]
) -> dict[str, Any]:
    """The model card as JSON, validated by serving's `ModelCard`; raises InvalidModelCard."""
    state = "trained" if trained else "untrained"
    card = {
        "version": f"{state}-{fingerprint(decision, file_hashes)}",
        "trained": trained,
        "image_size": contract.image_size,
        "activation_size": contract.activation_size,
        "error_map_size": contract.error_map_size,
        **decision,
        "file_hashes": dict(sorted(file_hashes.items())),
    }
    ModelCard.from_json(card)
    return card

"""Made studies with known scores, and the card that they are calibrated from."""

from typing import Any

import numpy as np
from scipy.special import expit

from screening.evaluation.scored_studies import ScoredStudies, ScoredStudy
from screening.results.model_card import ModelCard

POINTS = ("f1", "youden", "sensitivity_95", "median", "high_sensitivity")


def shipped_card(**changed: Any) -> dict[str, Any]:
    """A model card as JSON, with the mean over the highest 20 mm as its rule."""
    return {
        "version": "trained-0123456789ab",
        "trained": True,
        "image_size": 224,
        "activation_size": 28,
        "error_map_size": 20,
        "view_spacing_mm": 8.0,
        "test_time_slices": 12,
        "volume_rule": {"name": "mean_of_highest", "mm": 20.0},
        "error_rule": {"clip": 0.0, "min_lung_share": 0.05},
        "error_range": {"r_min": 0.0, "r_max": 1.0},
        "calibration": {"a": 10.0, "b": -5.0},
        "operating_points": {name: {"threshold": 0.5} for name in POINTS},
        "operating_point": "high_sensitivity",
        "file_hashes": {"classifier/1/model.onnx": "0" * 64},
        **changed,
    }


CARD = ModelCard.from_json(shipped_card())


def study_of(number: int, label: int, logits: np.ndarray, patient: str | None = None) -> ScoredStudy:
    """A study of slices with these logits, each for 8 mm of lung."""
    logits = np.asarray(logits, np.float64)
    extents, r = np.full(len(logits), 8.0), np.zeros(len(logits))
    bare = ScoredStudy(f"study-{number}", patient or f"patient-{number}", label, 0.0, None, logits, r, extents)
    score = bare.score_by(CARD.fusion.volume_rule)
    return ScoredStudy(bare.study, bare.patient, label, score, "2026-01", logits, r, extents)


def site_studies(
    normal: int, pathological: int, gap: float = 3.0, shift: float = 0.0, seed: int = 0, per_patient: int = 1
) -> ScoredStudies:
    """Patients whose pathological slices lie `gap` logits above the normal ones, all moved by `shift`."""
    random = np.random.default_rng(seed)
    studies: list[ScoredStudy] = []
    for patient in range(normal + pathological):
        label = int(patient >= normal)
        for _ in range(per_patient):
            logits = random.normal(-1.0 + shift, 0.7, 30)
            logits[10:14] += label * gap
            studies.append(study_of(len(studies), label, logits, f"patient-{patient}"))
    return ScoredStudies(tuple(studies))


def single_slices(labels: np.ndarray, logits: np.ndarray) -> ScoredStudies:
    """Studies of one slice each."""
    made = [study_of(n, int(label), np.array([x])) for n, (label, x) in enumerate(zip(labels, logits, strict=True))]
    return ScoredStudies(tuple(made))


def report_of(study: ScoredStudy, card: ModelCard = CARD, **changed: Any) -> dict[str, Any]:
    """The report of a study, as serving with this card writes it, with the parts that calibration reads."""
    slices = [
        {
            "slice": n,
            "extent_mm": round(float(mm), 6),
            "classifier_p": round(float(expit(x)), 6),
            "reconstruction_r": round(float(r), 6),
        }
        for n, (x, r, mm) in enumerate(zip(study.logits, study.r, study.extents_mm, strict=True))
    ]
    score = round(study.score_by(card.fusion.volume_rule), 6)
    return {
        "error": None,
        "score": score,
        "coverage": {"complete": True},
        "evidence": {"slices": slices, "classifier_p": score, "reconstruction_r": 0.0},
        "provenance": {
            "model_card": card.version,
            "file_hashes": dict(card.file_hashes),
            "score_fingerprint": card.score_fingerprint,
            "volume_rule": card.fusion.volume_rule.to_json(),
        },
        **changed,
    }

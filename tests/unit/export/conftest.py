"""A small exported repository and its calibration views."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from export.calibration_views import CalibrationViews
from export.expert import ExportedExpert
from export.manifest import sha256
from export.model_repository import ExportedRepository, ExportRequest, export_repository
from export.targets import TARGETS
from export.weights import Checkpoints, load_networks
from training.networks import Autoencoder, Classifier, FindingsHead, save_network
from training.networks.expert import Expert3d

SIZE = 64
DECISION = {
    "view_spacing_mm": 8.0,
    "test_time_slices": 12,
    "volume_rule": {"name": "maximum", "mm": None},
    "error_rule": {"clip": 1.0, "min_lung_share": 0.0},
    "error_range": {"r_min": 0.1, "r_max": 0.9},
    "calibration": {"a": 5.0, "b": -2.5},
    "operating_points": {"sensitivity_95": {"threshold": 0.4, "sensitivity": 0.95, "specificity": 0.5}},
    "operating_point": "sensitivity_95",
    "figures": {"roc_auc": 0.9},
}

RULES = {
    "slope": 1.5,
    "threshold": 2.0,
    "grey_zone": [0.1, 0.6],
    "farthest_mm": 6.5,
    "figures": {"kept": "for the reader"},
}

Bytes = NDArray[np.uint8]
Trained = tuple[Checkpoints, Path]


@pytest.fixture(scope="session")
def views() -> CalibrationViews:
    """Three studies of four slices: bright ellipses with dark lungs and some texture."""
    slices = [_slice(seed) for seed in range(12)]
    return CalibrationViews(
        np.stack([plain[np.newaxis] for plain, _ in slices]),
        np.stack([mask[np.newaxis] for _, mask in slices]),
        np.repeat(np.arange(3), 4),
    )


@pytest.fixture(scope="session")
def exported(views: CalibrationViews, tmp_path_factory: pytest.TempPathFactory) -> ExportedRepository:
    """The repository of the CPU target with seeded, untrained networks."""
    return export_repository(ExportRequest(TARGETS["cpu"], views), tmp_path_factory.mktemp("export") / "repository")


@pytest.fixture(scope="session")
def expert(tmp_path_factory: pytest.TempPathFactory) -> ExportedExpert:
    folder = tmp_path_factory.mktemp("expert")
    torch.manual_seed(0)
    save_network(Expert3d(), folder / "expert.pt", 32)
    (folder / "expert3d.json").write_text(json.dumps(RULES | {"checkpoint_sha256": sha256(folder / "expert.pt")}))
    return ExportedExpert(folder / "expert.pt", folder / "expert3d.json")


@pytest.fixture(scope="session")
def with_expert(
    expert: ExportedExpert, views: CalibrationViews, tmp_path_factory: pytest.TempPathFactory
) -> ExportedRepository:
    request = ExportRequest(TARGETS["cpu"], views, expert=expert)
    return export_repository(request, tmp_path_factory.mktemp("export") / "repository")


@pytest.fixture
def repository(exported: ExportedRepository) -> Path:
    return exported.path


@pytest.fixture(scope="session")
def trained(views: CalibrationViews, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Checkpoints of seeded networks in training's format, and their decision parameters."""
    folder = tmp_path_factory.mktemp("trained")
    networks = load_networks(Checkpoints(), views, seed=1)
    paths = folder / "classifier.pt", folder / "autoencoder.pt", folder / "findings.pt"
    for path, network in zip(paths, (networks.classifier, networks.autoencoder, networks.findings), strict=True):
        assert isinstance(network, Classifier | Autoencoder | FindingsHead)
        save_network(network, path, views.image_size)
    (folder / "decision.json").write_text(json.dumps(DECISION))
    return Checkpoints(*paths), folder / "decision.json"


def _slice(seed: int) -> tuple[Bytes, Bytes]:
    random = np.random.default_rng(seed)
    plain = np.zeros((SIZE, SIZE), np.float32)
    mask = np.zeros((SIZE, SIZE), np.uint8)
    cv2.ellipse(plain, (32, 32), (30, 24), 0, 0, 360, 200.0, -1)
    for column in (18, 46):
        cv2.ellipse(mask, (column, 32), (8 + seed % 4, 18), 0, 0, 360, 1, -1)
    plain[mask == 1] = 40.0
    cv2.circle(plain, (18, 20 + seed), seed % 5, 180.0, -1)
    return np.clip(plain + random.normal(0, 8, plain.shape), 0, 255).astype(np.uint8), mask

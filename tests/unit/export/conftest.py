"""One small repository, exported once, and the views that it was calibrated on."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from export.calibration_views import CalibrationViews
from export.repository import Exported, Order, export_repository
from export.targets import TARGETS
from screening.views import make_views

SIZE = 64


@pytest.fixture(scope="session")
def views() -> CalibrationViews:
    """Three studies of four slices: bright ellipses with dark lungs and some texture."""
    slices = [_slice(seed) for seed in range(12)]
    return CalibrationViews(
        np.stack([make_views(plain) for plain, _ in slices]),
        np.stack([mask[np.newaxis] for _, mask in slices]),
        np.repeat(np.arange(3), 4),
    )


@pytest.fixture(scope="session")
def exported(views: CalibrationViews, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """The repository of the CPU target with seeded, untrained networks."""
    return export_repository(Order(TARGETS["cpu"], views), tmp_path_factory.mktemp("export") / "repository")


@pytest.fixture
def repository(exported: Exported) -> Path:
    return exported.path


def _slice(
    seed: int,
) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.uint8]], np.ndarray[tuple[int, int], np.dtype[np.uint8]]]:
    random = np.random.default_rng(seed)
    plain = np.zeros((SIZE, SIZE), np.float32)
    mask = np.zeros((SIZE, SIZE), np.uint8)
    cv2.ellipse(plain, (32, 32), (30, 24), 0, 0, 360, 200.0, -1)
    for column in (18, 46):
        cv2.ellipse(mask, (column, 32), (8 + seed % 4, 18), 0, 0, 360, 1, -1)
    plain[mask == 1] = 40.0
    cv2.circle(plain, (18, 20 + seed), seed % 5, 180.0, -1)
    return np.clip(plain + random.normal(0, 8, plain.shape), 0, 255).astype(np.uint8), mask

"""A prepared phantom, possible outputs of the networks for it, and a model card."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from screening.contract import FINDINGS, VIEWS
from screening.fusion import SliceOutputs
from screening.intake import Budgets
from screening.model_card import Calibration, ErrorRange, ModelCard, OperatingPoint
from screening.phantom import write_phantom
from screening.preparation import PreparedStudy, prepare, survey
from screening.series import Study

SLICES = 24
SIZE = 128
POINT = OperatingPoint("balanced", 0.5)


@cache
def prepared_phantom(chosen: int = 8, image_size: int = 64) -> PreparedStudy:
    with TemporaryDirectory() as folder:
        path = write_phantom(Path(folder) / "study.zip", slices=SLICES, size=SIZE)
        return prepare(study_of(path, Path(folder)), image_size, chosen)


def study_of(path: Path, scratch: Path) -> Study:
    (study,) = survey(path, scratch, Budgets()).studies
    assert isinstance(study, Study)
    return study


def outputs_of(slices: int = 8, **changed: Any) -> SliceOutputs:
    """Outputs of a normal study: p is near 0, r is 0, all findings have equal probability."""
    values = {
        "logits": np.full((slices, len(VIEWS)), -9.0, np.float32),
        "activation": np.zeros((slices, 8, 8), np.float32),
        "reconstruction_error": np.full(slices, 0.5, np.float32),
        "error_map": np.zeros((slices, 16, 16), np.float32),
        "findings": np.full((slices, len(FINDINGS)), 1 / len(FINDINGS), np.float32),
    }
    return SliceOutputs(**(values | changed))


def card_of(*, trained: bool = True) -> ModelCard:
    """A card whose calibration is sigmoid(10 s - 5) of the score s, with the operating point at 0.5."""
    return ModelCard(
        version="test-1",
        trained=trained,
        image_size=64,
        activation_size=8,
        error_map_size=16,
        slices_per_study=8,
        error_range=ErrorRange(0.5, 1.5),
        calibration=Calibration(10.0, -5.0),
        operating_points={POINT.name: POINT},
        operating_point=POINT,
        file_hashes={"classifier/1/model.onnx": "0" * 64},
    )

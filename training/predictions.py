"""Outputs of the three networks for slices, with serving's inputs, through torch or through exported ONNX files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from scipy.special import expit

from screening.contract import AUTOENCODER, CLASSIFIER, FINDINGS_MODEL
from screening.views import make_views
from training.device import mixed_precision
from training.networks import Autoencoder, Classifier, Findings
from training.slice_cache import SliceCache

BATCH = 8

Arrays = Mapping[str, NDArray[np.uint8]]
Networks = Callable[[Arrays], Sequence[NDArray[np.float32]]]


@dataclass(frozen=True)
class Predictions:
    """`logits` [N, V], `errors` [N] and `findings` [N, 16] of slices, in the order of the indices given."""

    logits: NDArray[np.float32]
    errors: NDArray[np.float32]
    findings: NDArray[np.float32]

    def probability(self, augmented: bool = True) -> NDArray[np.float64]:
        """Probability of pathology [N], from all views or from the plain one only."""
        views = self.logits if augmented else self.logits[:, :1]
        return np.asarray(expit(views.mean(axis=1, dtype=np.float64)), np.float64)


def predict(cache: SliceCache, indices: Sequence[int], run_networks: Networks) -> Predictions:
    """Predictions for these slices, with the crop of serving."""
    parts: list[Sequence[NDArray[np.float32]]] = []
    for start in range(0, len(indices), BATCH):
        chosen = list(indices[start : start + BATCH])
        views = np.stack([make_views(np.asarray(cache.views[index, 0])) for index in chosen])
        parts.append(
            run_networks({"views": views, "lung_mask": np.stack([cache.masks[index, :1] for index in chosen])})
        )
    logits, errors, findings = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Predictions(logits, errors[:, 0], findings)


def torch_networks(classifier: Classifier, autoencoder: Autoencoder, findings: Findings) -> Networks:
    """The torch modules, in the precision of training."""
    precision = mixed_precision(torch.device("cpu"))

    @torch.inference_mode()
    def run_networks(arrays: Arrays) -> Sequence[NDArray[np.float32]]:
        views, mask = torch.from_numpy(arrays["views"]), torch.from_numpy(arrays["lung_mask"])
        with precision:
            logits, scores = classifier(views)[0], findings(views)
        outputs = logits, autoencoder(views, mask)[0], scores  # the error is a small difference, so it is in float32
        return [tensor.float().numpy() for tensor in outputs]

    return run_networks


def onnx_networks(repository: Path) -> Networks:
    """The exported ONNX files, which Triton serves."""
    outputs = {CLASSIFIER: "logits", AUTOENCODER: "reconstruction_error", FINDINGS_MODEL: "findings"}
    sessions = {
        name: onnxruntime.InferenceSession(repository / name / "1" / "model.onnx", providers=["CPUExecutionProvider"])
        for name in outputs
    }
    inputs = {name: [tensor.name for tensor in session.get_inputs()] for name, session in sessions.items()}

    def run_networks(arrays: Arrays) -> Sequence[NDArray[np.float32]]:
        return [
            sessions[name].run([output], {key: arrays[key] for key in inputs[name]})[0]
            for name, output in outputs.items()
        ]

    return run_networks

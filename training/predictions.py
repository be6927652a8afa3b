"""What the three networks say of slices, through torch or through exported ONNX files, as serving would ask them."""

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
from training.slice_cache import Cache

BATCH = 8

Arrays = Mapping[str, NDArray[np.uint8]]
Answer = Callable[[Arrays], Sequence[NDArray[np.float32]]]


@dataclass(frozen=True)
class Predictions:
    """`logits` [N, V], `errors` [N] and `findings` [N, 16] of slices, in the order that was asked."""

    logits: NDArray[np.float32]
    errors: NDArray[np.float32]
    findings: NDArray[np.float32]

    def probability(self, augmented: bool = True) -> NDArray[np.float64]:
        """Of pathology [N]; over all views, or of the plain one alone."""
        views = self.logits if augmented else self.logits[:, :1]
        return np.asarray(expit(views.mean(axis=1, dtype=np.float64)), np.float64)


def predict(cache: Cache, places: Sequence[int], answer: Answer) -> Predictions:
    """Ask for these slices, in the look that serving shows."""
    parts: list[Sequence[NDArray[np.float32]]] = []
    for start in range(0, len(places), BATCH):
        chosen = list(places[start : start + BATCH])
        views = np.stack([make_views(np.asarray(cache.looks[place, 0])) for place in chosen])
        parts.append(answer({"views": views, "lung_mask": np.stack([cache.masks[place, :1] for place in chosen])}))
    logits, errors, findings = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Predictions(logits, errors[:, 0], findings)


def torch_networks(classifier: Classifier, autoencoder: Autoencoder, findings: Findings) -> Answer:
    """Answers of the modules, in the precision that they were trained in."""
    precision = mixed_precision(torch.device("cpu"))

    @torch.inference_mode()
    def answer(arrays: Arrays) -> Sequence[NDArray[np.float32]]:
        views, mask = torch.from_numpy(arrays["views"]), torch.from_numpy(arrays["lung_mask"])
        with precision:
            logits, scores = classifier(views)[0], findings(views)
        answers = logits, autoencoder(views, mask)[0], scores  # an error is a small difference: float32
        return [tensor.float().numpy() for tensor in answers]

    return answer


def onnx_networks(repository: Path) -> Answer:
    """Answers of the files that Triton would serve."""
    outputs = {CLASSIFIER: "logits", AUTOENCODER: "reconstruction_error", FINDINGS_MODEL: "findings"}
    sessions = {
        name: onnxruntime.InferenceSession(repository / name / "1" / "model.onnx", providers=["CPUExecutionProvider"])
        for name in outputs
    }
    wanted = {name: [tensor.name for tensor in session.get_inputs()] for name, session in sessions.items()}

    def answer(arrays: Arrays) -> Sequence[NDArray[np.float32]]:
        return [
            sessions[name].run([output], {key: arrays[key] for key in wanted[name]})[0]
            for name, output in outputs.items()
        ]

    return answer

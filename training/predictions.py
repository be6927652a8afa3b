"""Outputs of the three networks for slices, with serving's inputs, through torch or through exported ONNX files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import nn

from screening.contract import AUTOENCODER, CLASSIFIER, FINDINGS_MODEL, VIEWS
from screening.preparation import augmented_rows
from screening.results.fusion import AugmentedLogits, SliceOutputs
from training.device import mixed_precision
from training.networks import ClassifierWithFindings
from training.slice_cache import SliceCache

BATCH: Final = 8
OUTPUTS: Final = {CLASSIFIER: "logit", AUTOENCODER: "reconstruction_error", FINDINGS_MODEL: "findings"}

Bytes = NDArray[np.uint8]
Network = Callable[[Bytes, Bytes], NDArray[np.float32]]  # views and masks [n, 1, H, W] -> its first output [n, ...]
Networks = Mapping[str, Network]


@dataclass(frozen=True)
class Predictions:
    """`logits` [N, V], `errors` [N], `findings` [N, 16] and `lung_shares` [N] of slices, in the order of the indices.

    `lung_shares` is the fraction of the view that is lung which counts.
    """

    logits: NDArray[np.float32]
    errors: NDArray[np.float32]
    findings: NDArray[np.float32]
    lung_shares: NDArray[np.float64]

    def slice_logits(self, augmented: bool = True) -> NDArray[np.float64]:
        """Logit of each slice [N], the mean over all views or that of the plain one."""
        views = self.logits if augmented else self.logits[:, :1]
        return np.asarray(views.mean(axis=1, dtype=np.float64), np.float64)

    def outputs(self, slices: NDArray[np.int64]) -> SliceOutputs:
        """What serving gets for these slices, without maps."""
        no_map = np.zeros((len(slices), 1, 1), np.float32)
        return SliceOutputs(self.logits[slices, 0], no_map, self.errors[slices], no_map, self.findings[slices])

    def augmented(self, slices: NDArray[np.int64], count: int) -> AugmentedLogits:
        """The other test-time views of the `count` of these slices with the highest plain logits, as in serving."""
        numbers = np.sort(np.argsort(-self.logits[slices, 0], kind="stable")[:count])
        return AugmentedLogits(tuple(numbers.tolist()), self.logits[slices[numbers], 1:])


def predict(cache: SliceCache, indices: Sequence[int], networks: Networks) -> Predictions:
    """Predictions for these slices, with the crop and the counted lungs of serving."""
    parts: list[tuple[NDArray[np.float32], ...]] = []
    shares: list[NDArray[np.float64]] = []
    for start in range(0, len(indices), BATCH):
        chosen = list(indices[start : start + BATCH])
        plain, masks = (np.stack([array[index, :1] for index in chosen]) for array in (cache.views, cache.counted))
        others = networks[CLASSIFIER](*augmented_rows(plain, masks)).reshape(len(chosen), len(VIEWS) - 1)
        logits = np.concatenate([networks[CLASSIFIER](plain, masks), others], axis=1)
        parts.append((logits, networks[AUTOENCODER](plain, masks), networks[FINDINGS_MODEL](plain, masks)))
        shares.append(masks.mean(axis=(1, 2, 3), dtype=np.float64))
    logits, errors, findings = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Predictions(logits, errors[:, 0], findings, np.concatenate(shares))


def torch_networks(modules: Mapping[str, nn.Module]) -> Networks:
    """The torch modules by model name, in the precision of training."""
    return {name: _of_module(name, module) for name, module in modules.items()}


def onnx_networks(repository: Path) -> Networks:
    """The exported ONNX files, which Triton serves."""
    return {name: _of_file(_serving(repository, name), output) for name, output in OUTPUTS.items()}


def _serving(repository: Path, name: str) -> Path:
    """The file of a network; that of the classifier for findings which are a head of it."""
    own = repository / name / "1" / "model.onnx"
    return own if own.is_file() else repository / CLASSIFIER / "1" / "model.onnx"


def _of_module(name: str, module: nn.Module) -> Network:
    precision = mixed_precision(torch.device("cpu"))
    masked = name != FINDINGS_MODEL or isinstance(module, ClassifierWithFindings)
    wanted = -1 if name == FINDINGS_MODEL else 0

    @torch.inference_mode()
    def network(views: Bytes, masks: Bytes) -> NDArray[np.float32]:
        given = [torch.from_numpy(array) for array in ((views, masks) if masked else (views,))]
        if name == AUTOENCODER:  # the error is a small difference, so it is in float32
            output = module(*given)[0]
        else:
            with precision:
                output = module(*given)
            output = output[wanted] if isinstance(output, tuple) else output
        values: NDArray[np.float32] = output.float().numpy()
        return values

    return network


def _of_file(path: Path, output: str) -> Network:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    inputs = {tensor.name for tensor in session.get_inputs()}

    def network(views: Bytes, masks: Bytes) -> NDArray[np.float32]:
        feed = {"view": views, "lung_mask": masks}
        values: NDArray[np.float32] = session.run([output], {name: feed[name] for name in feed if name in inputs})[0]
        return values

    return network

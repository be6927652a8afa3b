"""The exported files of a model repository in this process, without Triton: what decides a verdict, and no more.

That is the classifier, the autoencoder and, where the card has one, the 3D expert. Equal inputs are computed once: of a
study with one painted lesion, only the views and the blocks that show it are new.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from screening.block_preparation import series_blocks
from screening.contract import AUTOENCODER, CLASSIFIER, FINDINGS, Signature
from screening.preparation import PreparedStudy
from screening.results.expert_opinion import ExpertOpinion, ExpertOutputs, expert_is_asked
from screening.results.fusion import Fusion, SliceOutputs
from screening.results.model_card import ModelCard
from screening.series.volume import Volume
from training.served.remembered import RememberedAnatomies, content_key

MODEL_CARD: Final = "model_card.json"
BATCH: Final = 16

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Run = Callable[[Bytes, Bytes], tuple[Floats, ...]]


class ExportedNetworks:
    """The networks of a repository, with its model card; raises InvalidModelCard.

    All that it is asked is remembered until it is let go: one for each patient, who has no view in common with another.
    """

    def __init__(self, repository: Path, threads: int = 1) -> None:
        self.card: Final = ModelCard.load(repository / MODEL_CARD)
        self.anatomies: Final = RememberedAnatomies()
        signatures = {step.model: step for step in self.card.contract.steps}
        self._classifier = _Remembered(_session(repository, signatures[CLASSIFIER], 2, threads))
        self._autoencoder = _Remembered(_session(repository, signatures[AUTOENCODER], 1, threads))
        expert = self.card.contract.expert3d
        self._expert = _Remembered(_session(repository, expert, 2, threads)) if self.card.expert3d else None

    def screen(self, views: Bytes, lung_masks: Bytes) -> SliceOutputs:
        """What the ensemble answers for plain views [K, 1, H, W]; outputs that do not decide are zeros."""
        logits, activation = self._classifier(views, lung_masks)
        count = len(views)
        no_map, no_findings = np.zeros((count, 1, 1), np.float32), np.zeros((count, len(FINDINGS)), np.float32)
        return SliceOutputs(logits.reshape(count), activation, self.errors(views, lung_masks), no_map, no_findings)

    def classify(self, views: Bytes, lung_masks: Bytes) -> Floats:
        """The logits [n] of further test-time views [n, 1, H, W]."""
        return self._classifier(views, lung_masks)[0].reshape(len(views))

    def errors(self, views: Bytes, lung_masks: Bytes) -> Floats:
        """The reconstruction errors [n] of plain views; zeros where they decide nothing."""
        if self.card.fusion.error_clip <= 0:
            return np.zeros(len(views), np.float32)
        return self._autoencoder(views, lung_masks)[0].reshape(len(views))

    def with_expert(self, volume: Volume, prepared: PreparedStudy, fusion: Fusion) -> Fusion:
        """The fusion with the 3D expert's opinion, where serving by this card asks it about this series."""
        rules, slice_mm = self.card.expert3d, prepared.geometry.spacing_mm[0]
        if rules is None or self._expert is None or not expert_is_asked(self.card, fusion.score, slice_mm):
            return fusion
        blocks = series_blocks(volume, prepared.chosen, self.anatomies)
        logits, peaks = self._expert(blocks.blocks, blocks.masks)
        opinion = ExpertOpinion.of(blocks, ExpertOutputs(logits.reshape(len(blocks)), peaks), rules)
        return fusion.with_expert(opinion, prepared.slice_indices)


class _Remembered:
    """A network whose outputs for a view or a block and its mask are kept, by the hash of both."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._known: dict[bytes, tuple[Floats, ...]] = {}

    def __call__(self, views: Bytes, masks: Bytes) -> tuple[Floats, ...]:
        keys = [content_key(view, mask) for view, mask in zip(views, masks, strict=True)]
        missing = list({key: number for number, key in enumerate(keys) if key not in self._known}.values())
        for start in range(0, len(missing), BATCH):
            some = missing[start : start + BATCH]
            for number, *outputs in zip(some, *self._run(views[some], masks[some]), strict=True):
                self._known[keys[number]] = tuple(outputs)
        return tuple(np.stack(column) for column in zip(*(self._known[key] for key in keys), strict=True))


def _session(repository: Path, signature: Signature, outputs: int, threads: int) -> Run:
    """The network of this signature, of which the first `outputs` are computed."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = threads
    path = repository / signature.model / "1" / "model.onnx"
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [tensor.name for tensor in signature.outputs[:outputs]]
    inputs = [tensor.name for tensor in signature.inputs]

    def run(views: Bytes, masks: Bytes) -> tuple[Floats, ...]:
        found: Sequence[Floats] = session.run(names, dict(zip(inputs, (views, masks), strict=True)))
        return tuple(found)

    return run

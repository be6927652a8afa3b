"""The networks' inputs from whole studies, as serving prepares them: views and masks of slices, blocks and theirs."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.gpu.networks import Arrays
from benchmarks.gpu.setting import Setting
from screening.block_preparation import prepare_blocks
from screening.contract import Signature
from screening.intake.budgets import Budgets
from screening.preparation import prepare, survey
from screening.results.model_card import ModelCard
from screening.series.studies import Study


def inputs_of(setting: Setting) -> Arrays:
    """All rows of all studies, by tensor: `view` and `lung_mask` of the slices, `block` and `block_mask`."""
    card = ModelCard.load(setting.repository / "model_card.json")
    studies = [_study(path, card) for path in setting.uploads]
    return {name: np.concatenate([study[name] for study in studies]) for name in studies[0]}


def rows_of(inputs: Arrays, signature: Signature, rows: int) -> Arrays:
    """So many rows of a network's inputs, spread over all studies; repeated where there are fewer."""
    available = len(inputs[signature.inputs[0].name])
    chosen = np.linspace(0, available - 1, rows).astype(int) if rows <= available else np.arange(rows) % available
    return {tensor.name: np.ascontiguousarray(inputs[tensor.name][chosen]) for tensor in signature.inputs}


def _study(path: Path, card: ModelCard) -> Arrays:
    with TemporaryDirectory(prefix="turnstile-gpu-") as scratch:
        study = survey(path, Path(scratch), Budgets()).studies[0]
        if not isinstance(study, Study):
            raise study
        prepared = prepare(study, card.image_size, card.view_spacing_mm)
        arrays = {"view": prepared.views, "lung_mask": prepared.lung_masks}
        if card.contract.has_expert:
            blocks = prepare_blocks(study, prepared.chosen)
            arrays |= {"block": blocks.blocks, "block_mask": blocks.masks}
    return arrays

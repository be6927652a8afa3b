"""The pointing game (Zhang et al. 2016): does the highest cell of the heatmap lie on the lesion?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from screening.evaluation.metrics import OneClass, roc_auc
from screening.views.augmented_views import view_mask
from training.served.served_study import ServedStudy

Bools = NDArray[np.bool_]

EXPERT_CELL_MM = 4.0
COUNTED_SHARE = 0.25  # of a cell that is lung which counts, as in the classifier's head


@dataclass(frozen=True)
class Pointing:
    """`in_view`: a view shows the lesion. `hit`: the study's highest cell shows a part of it, the 3D expert's where
    that decided.

    `chance` is the share of the study's cells of lung that show a part of it; `slice_hits` says for every view with the
    lesion whether the view's own highest cell does, `slice_chance` is the chance level of these.
    """

    in_view: bool
    hit: bool
    chance: float
    slice_hits: tuple[bool, ...]
    slice_chance: float


def pointing(served: ServedStudy, lesion: Bools) -> Pointing:
    """`lesion` [slices, rows, columns] is on the grid of the screened series."""
    activation = served.outputs.activation
    cells = activation.shape[1]
    shown = _shares(_on_views(served, lesion), cells) > 0
    counted = _shares(served.prepared.lung_masks[:, 0], cells) > COUNTED_SHARE
    flat = activation.reshape(len(activation), -1)
    hits = shown.reshape(len(shown), -1)[np.arange(len(shown)), flat.argmax(axis=1)]
    with_lesion = shown.any(axis=(1, 2))
    chances = [_share(shown[number], counted[number]) for number in np.flatnonzero(with_lesion)]
    return Pointing(
        in_view=bool(with_lesion.any()),
        hit=_expert_hit(served, lesion) if served.fusion.by_expert else bool(hits[int(flat.max(axis=1).argmax())]),
        chance=_share(shown, counted),
        slice_hits=tuple(hits[with_lesion].tolist()),
        slice_chance=float(np.mean(chances)) if chances else 0.0,
    )


def _expert_hit(served: ServedStudy, lesion: Bools) -> bool:
    """Whether the cell of 4 mm around the 3D expert's place holds a part of the lesion."""
    opinion, geometry = served.fusion.expert, served.prepared.geometry
    if opinion is None:
        return False
    centre = geometry.voxel_at(opinion.position_lps_mm)
    reach = 0.5 * EXPERT_CELL_MM / np.array(geometry.spacing_mm)
    low = np.maximum(np.floor(centre - reach + 0.5), 0).astype(int)
    high = np.maximum(np.ceil(centre + reach + 0.5), 0).astype(int)
    return bool(lesion[low[0] : high[0], low[1] : high[1], low[2] : high[2]].any())


def slices_auc(served: ServedStudy, lesion: Bools) -> float | None:
    """ROC-AUC of the slices with the lesion against the patient's other ones; None where all of them are alike."""
    labels = np.array([lesion[index].any() for index in served.prepared.slice_indices], np.int64)
    try:
        return roc_auc(labels, served.slice_logits)
    except OneClass:
        return None


def _on_views(served: ServedStudy, lesion: Bools) -> NDArray[np.uint8]:
    prepared = served.prepared
    return np.concatenate([view_mask(lesion[index], prepared.crop) for index in prepared.slice_indices])


def _shares(masks: NDArray[np.uint8], cells: int) -> NDArray[np.float64]:
    """The share of each cell [K, cells, cells] that is in the mask [K, H, W]."""
    count, side = len(masks), masks.shape[1] // cells
    cut = masks[:, : cells * side, : cells * side].reshape(count, cells, side, cells, side)
    return np.asarray(cut.mean(axis=(2, 4), dtype=np.float64))


def _share(shown: Bools, counted: Bools) -> float:
    return float((shown & counted).sum() / max(1, counted.sum()))

"""Evaluates the 3D expert on whole studies that training did not see: painted lesions found, false marks, study scores.

A volume is read at every slice distance and offset of `SPACINGS`, as if it had been scanned so: the grid is the same,
the slices are fewer. Lesions are painted into normal volumes only, each alone, and read in the part of the volume
around them.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from screening.block_preparation import series_blocks
from screening.blocks.grid_slice import GRID_MM
from screening.blocks.lung_grid import CONTEXT_MM, lung_grid
from screening.blocks.tiling import LungBlocks, blocks_of
from screening.contract import BLOCK, EXPERT
from screening.preparation import ChosenSeries, SeriesPreparation
from screening.results.model_card import WIDEST_VIEW_SPACING_MM, ModelCard
from screening.series.studies import Study
from training.networks import load_network
from training.networks.expert import Expert3d
from training.served.decoded_volume import DecodedVolume
from training.served.looks import Looks, counted_look
from training.served.painted_studies import stack_of
from training.synthesis.volume_lesions import NoPlace, PaintedLesion, VolumeLesion, paint_lesion
from training.training_run import write_json
from training.volume.expert_marks import ExpertReading, Point, read
from training.volume.froc import FrocLine, froc
from training.volume.held_out_volumes import HeldOutVolume, NoValidation

SIZES_MM: Final = (4.0, 6.0, 10.0, 20.0)
SPACINGS: Final = (1, 2, 3, 4)  # every so many slices
AROUND_MM: Final = 48.0  # above and below a painted lesion
NEAR_MM: Final = 4.0  # beyond the lesion's surface
SEED: Final = 17
SERVED_MM: Final = 6.5  # between slices: farther apart, a vessel looks like a nodule, and the expert is not asked
MARGIN: Final = 0.5  # of a logit, above the highest of a normal study, at least
AIM_MM: Final = 10.0  # the lesions that the expert is asked for: one slice cannot tell them from a vessel,
AIM: Final = 0.95  # and so many of them are to be found
SLOPE: Final = 4.0  # so that the usual logit of normal lungs, a logit or more below, raises no probability
GREY_ZONE: Final = (0.0, 0.5)  # and up to the threshold: every study that would be normal without it
FARTHEST_MM: Final = 1.3 * WIDEST_VIEW_SPACING_MM  # between the slices of a volume that is read
ANY_SIZE: Final = 64  # of the views, which are not used here
RESULTS: Final = "expert_evaluation.json"
RULES: Final = "expert3d.json"

Say = Callable[[str], None]


@dataclass(frozen=True)
class ReadVolume:
    """The study's logit at one slice distance (mm, and `every` so many slices) and offset, and its marks."""

    name: str
    label: int
    validation: bool
    every: int
    offset: int
    slice_mm: float
    logit: float
    marks: tuple[float, ...] = field(repr=False)


@dataclass(frozen=True)
class ReadLesion:
    """A painted lesion: its highest mark, and the logit of the blocks around it, by which serving decides."""

    name: str
    validation: bool
    size_mm: float
    mark: float
    logit: float


@dataclass(frozen=True)
class ExpertFigures:
    """Everything that was measured; `threshold` is the logit above which a study is pathology by the expert alone."""

    threshold: float
    volumes: tuple[ReadVolume, ...]
    froc: tuple[FrocLine, ...]
    lesions: tuple[ReadLesion, ...]
    looks: Looks

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class ExpertEvaluation:
    """What to evaluate: a checkpoint, for serving by this card; `lesions` of each size are painted.

    Results go to `folder`; the look at the held-out volumes is counted beside the page `report`, with all others.
    """

    checkpoint: Path
    card: ModelCard
    lesions: int
    folder: Path
    report: Path


def evaluate_expert(held_out: Iterable[HeldOutVolume], settings: ExpertEvaluation, say: Say) -> ExpertFigures:
    """Evaluate; write expert_evaluation.json, and expert3d.json for `turnstile export`.

    At least one normal volume is for validation, as `held_out_volumes` makes sure.
    """
    cv2.setNumThreads(1)
    network, spacing_mm = load_network(Expert3d, settings.checkpoint), settings.card.view_spacing_mm
    checkpoint = hashlib.sha256(settings.checkpoint.read_bytes()).hexdigest()
    volumes: list[ReadVolume] = []
    painted: list[ReadLesion] = []
    for one in held_out:
        volumes.extend(_read_at_every_spacing(network, one, spacing_mm))
        say(f"{one.name}: {', '.join(f'{read.logit:.2f}' for read in volumes if read.name == one.name)}")
        if one.label == 0:
            painted.extend(_painted(network, one, settings.lesions, spacing_mm))
    normal = [one for one in volumes if one.label == 0]
    as_served = [one.logit for one in normal if one.validation and one.slice_mm <= SERVED_MM]
    if not as_served:
        raise NoValidation(f"no normal volume kept for validation has slices at most {SERVED_MM:g} mm apart")
    threshold = threshold_by(
        as_served,
        [one.logit for one in painted if one.validation and one.size_mm == AIM_MM],
    )
    judging = [(one.size_mm, one.mark) for one in painted if not one.validation]
    lines = froc(judging, [one.marks for one in normal if not one.validation])
    looks = counted_look(
        settings.report.parent / "model-card", f"{EXPERT}-{checkpoint[:12]}", "expert", "highest block"
    )
    figures = ExpertFigures(threshold, tuple(volumes), tuple(lines), tuple(painted), looks)
    settings.folder.mkdir(parents=True, exist_ok=True)
    write_json(settings.folder / RESULTS, figures.to_json())
    write_json(settings.folder / RULES, rules_of(threshold, checkpoint))
    return figures


def threshold_by(normal: Sequence[float], lesions: Sequence[float]) -> float:
    """Half way from the highest logit of a normal volume to that which `AIM` of the lesions reach.

    A scanner that nobody saw may lie higher than these normal volumes, and a true nodule lower than a painted one: each
    gets half of what lies between. Where they overlap, no normal volume may be above it.
    """
    highest = max(normal)
    reached = float(np.quantile(lesions, 1 - AIM, method="lower")) if lesions else highest
    return max(highest + MARGIN, (highest + reached) / 2)


def rules_of(threshold: float, checkpoint: str) -> dict[str, Any]:
    """What export makes the section `expert3d` of the model card of; `checkpoint` is the SHA-256 of the weights.

    `threshold` is the expert's logit. Where it lies on the classifier's scale depends on the decision exported.
    """
    return {
        "checkpoint_sha256": checkpoint,
        "slope": SLOPE,
        "threshold": threshold,
        "grey_zone": list(GREY_ZONE),
        "farthest_mm": SERVED_MM,
    }


def read_volume(network: Expert3d, volume: DecodedVolume, spacing_mm: float) -> ExpertReading:
    """What the expert says of a series, prepared as serving prepares it, with views `spacing_mm` apart."""
    return read(network, series_blocks(volume, _chosen(volume, spacing_mm)))


def _chosen(volume: DecodedVolume, spacing_mm: float) -> ChosenSeries:
    return SeriesPreparation(volume).prepared(Study(volume.study_uid, (), ()), (), ANY_SIZE, spacing_mm).chosen


def _read_at_every_spacing(network: Expert3d, one: HeldOutVolume, spacing_mm: float) -> Iterator[ReadVolume]:
    step_mm = one.volume.geometry.spacing_mm[0]
    for every in SPACINGS:
        if every > 1 and every * step_mm > FARTHEST_MM:
            break
        for offset in range(every):
            volume = one.volume if every == 1 else one.volume.only(range(offset, len(one.volume), every))
            found = read_volume(network, volume, spacing_mm)
            marks = tuple(mark.logit for mark in found.marks)
            yield ReadVolume(one.name, one.label, one.validation, every, offset, every * step_mm, found.logit, marks)


def _painted(network: Expert3d, one: HeldOutVolume, lesions: int, spacing_mm: float) -> Iterator[ReadLesion]:
    """The lesions painted into a volume, each alone."""
    volume = one.volume
    stack = stack_of(volume)
    chosen = _chosen(volume, spacing_mm)
    for size in SIZES_MM:
        for number in range(lesions):
            try:
                painted = paint_lesion(stack, VolumeLesion(size), np.random.default_rng((SEED, int(size), number)))
            except NoPlace:
                continue
            mark, logit = _around_lesion(network, volume, painted, chosen)
            yield ReadLesion(one.name, one.validation, size, mark, logit)


def _around_lesion(
    network: Expert3d, volume: DecodedVolume, painted: PaintedLesion, chosen: ChosenSeries
) -> tuple[float, float]:
    """The highest mark on a painted lesion, and the logit of the blocks that hold it, read in the slices around it."""
    slice_, row, column = painted.centre
    reach = round((AROUND_MM - CONTEXT_MM) / volume.geometry.spacing_mm[0])
    low = max(min(chosen.sop_uids), round(slice_) - reach)
    high = min(max(chosen.sop_uids), round(slice_) + reach)
    ill = volume.with_values(painted.on(volume.values))
    blocks = blocks_of(lung_grid(ill, low, high, chosen.crop), volume.geometry.affine_lps)
    at = (volume.geometry.affine_lps @ (column, row, slice_, 1.0))[:3]
    point = (float(at[0]), float(at[1]), float(at[2]))
    found = read(network, _around(blocks, point))
    return found.highest_near(point, painted.lesion.diameter_mm / 2 + NEAR_MM), found.logit


def _around(blocks: LungBlocks, point: Point) -> LungBlocks:
    """The blocks that hold a point of the patient; the views' orientation only exchanges rows and columns."""
    half_mm = np.array(BLOCK[::-1]) * GRID_MM / 2
    centres = [blocks.position_lps_mm(np.add(origin, BLOCK) - np.array(BLOCK) / 2) for origin in blocks.origins]
    near = np.flatnonzero((np.abs(np.subtract(centres, point)) <= half_mm).all(axis=1))
    origins = tuple(blocks.origins[number] for number in near)
    return replace(blocks, blocks=blocks.blocks[near], masks=blocks.masks[near], origins=origins)

"""Evaluates one volume: as it came, changed, and with painted lesions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from screening.errors import StudyError
from training.served.evaluation_volumes import ChosenEntry, EvaluationVolume, opened
from training.served.exported_networks import ExportedNetworks
from training.served.painted_studies import PaintedStudy, PaintingPlan, painted_studies, stack_of
from training.served.pointing import pointing, slices_auc
from training.served.served_study import ServedStudy, serve
from training.served.stability import ChangedStudy, changed_studies
from training.served.study_results import MarkedLine, VolumeLine
from training.synthesis.volume_lesions import LungStack, NoPlace, VolumeLesion, paint_lesion

CHANGED_LESIONS_MM: Final = (10.0, 20.0, 40.0)  # painted studies that are changed as well: whole ill volumes are few
SEED: Final = 29
UNCHANGED: Final = "none"


@dataclass(frozen=True)
class VolumeTask:
    """A volume to evaluate with the files of a repository; the lesions of `plan` are painted where it is normal.

    `change_painted`: some of the painted studies are changed as well.
    """

    chosen: ChosenEntry
    repository: Path
    plan: PaintingPlan
    change_painted: bool


@dataclass(frozen=True)
class EvaluatedVolume:
    """What was found on one volume; `line` and `marked` are None where it says nothing of verdicts, or has no mask.

    `pairs` holds the unchanged study too, of kind `UNCHANGED`.
    """

    name: str
    line: VolumeLine | None
    marked: MarkedLine | None
    pairs: Sequence[ChangedStudy] = ()
    painted: Sequence[PaintedStudy] = ()
    painted_pairs: Sequence[ChangedStudy] = ()


def evaluate_volume(task: VolumeTask) -> EvaluatedVolume:
    """Read, screen, change and paint; runs in a process of its own. Raises a StudyError of the volume as it came."""
    cv2.setNumThreads(1)
    networks = ExportedNetworks(task.repository)
    with opened(task.chosen) as volume:
        plain = serve(volume.volume, networks)
        marked = _marked(volume, plain)
        if volume.label is None or volume.trained:
            return EvaluatedVolume(volume.name, None, marked)
        pairs = [
            _unchanged(volume.name, volume.label, plain),
            *changed_studies(volume.name, volume.label, volume.volume, volume.others, networks, plain),
        ]
        line = _line(volume, plain, pairs)
        if volume.label == 1:
            return EvaluatedVolume(volume.name, line, marked, pairs)
        stack = stack_of(volume.volume)
        painted = list(painted_studies(volume.name, stack, volume.volume, networks, plain, task.plan))
        changed = list(_changed_painted(volume, stack, networks)) if task.change_painted else []
        return EvaluatedVolume(volume.name, line, marked, pairs, painted, changed)


def _changed_painted(volume: EvaluationVolume, stack: LungStack, networks: ExportedNetworks) -> Iterator[ChangedStudy]:
    for size_mm in CHANGED_LESIONS_MM:
        try:
            painted = paint_lesion(stack, VolumeLesion(size_mm), np.random.default_rng((SEED, round(size_mm))))
            ill = volume.volume.with_values(painted.on(stack.values))
            plain = serve(ill, networks)
        except (NoPlace, StudyError):
            continue
        yield from changed_studies(f"{volume.name} with {size_mm:g} mm painted", 1, ill, (), networks, plain)


def _unchanged(name: str, label: int, plain: ServedStudy) -> ChangedStudy:
    verdict, logit = plain.verdict, plain.logit
    return ChangedStudy(name, label, UNCHANGED, verdict, verdict, logit, plain.by_each_rule(), logit)


def _line(volume: EvaluationVolume, plain: ServedStudy, pairs: Sequence[ChangedStudy]) -> VolumeLine:
    logits = [pair.logit_after for pair in pairs if pair.logit_after is not None]
    return VolumeLine(
        volume.name,
        volume.dataset,
        volume.label or 0,
        str(plain.verdict),
        plain.probability,
        plain.logit,
        min(logits),
        max(logits),
    )


def _marked(volume: EvaluationVolume, plain: ServedStudy) -> MarkedLine | None:
    if volume.lesion is None or not volume.lesion.any():
        return None
    found = pointing(plain, volume.lesion)
    return MarkedLine(
        volume.name,
        volume.trained,
        len(found.slice_hits),
        sum(found.slice_hits),
        found.slice_chance,
        found.hit,
        slices_auc(plain, volume.lesion),
    )

"""Detection: a lesion painted into a normal volume makes one study. Is its verdict pathology, where does it point?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Final

import numpy as np

from screening.errors import StudyError
from screening.results.verdict import Verdict
from training.served.decoded_volume import Bools, DecodedVolume
from training.served.exported_networks import ExportedNetworks
from training.served.pointing import pointing
from training.served.served_study import ServedStudy, serve
from training.synthesis.volume_lesions import (
    Density,
    LungStack,
    NoPlace,
    PaintedLesion,
    Place,
    Shape,
    VolumeLesion,
    paint_lesion,
)

SIZES_MM: Final = (4.0, 6.0, 10.0, 20.0, 40.0)
SEED: Final = 13


@dataclass(frozen=True)
class PaintedStudy:
    """A study with one painted lesion: whether it was found, and the study's logit with and without it.

    `in_view`: a slice that serving looks at shows the lesion. `pathology`: the verdict at the operating point in
    force. `pointed`: the study's highest cell lies on the lesion; `chance` that of a random cell. `logits` has the
    logit by each volume rule, and is empty where serving refuses the study.
    """

    study: str
    lesion: VolumeLesion
    in_view: bool
    pathology: bool
    pointed: bool
    chance: float
    logit: float
    logit_without: float
    logits: Mapping[str, float] = field(repr=False)


@dataclass(frozen=True)
class PaintingPlan:
    """How many `solid` lesions of each size (mm) and place are painted, and of each other density."""

    solid: int = 3
    others: int = 1
    sizes_mm: tuple[float, ...] = SIZES_MM


def lesions_to_paint(plan: PaintingPlan) -> Iterator[VolumeLesion]:
    """The lesions of the plan; outlines take turns."""
    shapes = list(Shape)
    for number, (size, density, place) in enumerate(product(plan.sizes_mm, Density, Place)):
        for turn in range(plan.solid if density is Density.SOLID else plan.others):
            yield VolumeLesion(size, density, shapes[(number + turn) % len(shapes)], place)


def painted_studies(
    name: str,
    stack: LungStack,
    volume: DecodedVolume,
    networks: ExportedNetworks,
    plain: ServedStudy,
    plan: PaintingPlan,
) -> Iterator[PaintedStudy]:
    """Every lesion that has a place in this volume, each in a study of its own; `plain` is the study without any."""
    for number, lesion in enumerate(lesions_to_paint(plan)):
        try:
            painted = paint_lesion(stack, lesion, np.random.default_rng((SEED, number)))
        except NoPlace:
            continue
        yield _result(name, painted, plain, volume, networks)


def stack_of(volume: DecodedVolume) -> LungStack:
    """The volume with its lung masks, ready to be painted."""
    thickness_mm = volume.slices[0].thickness_mm or volume.geometry.spacing_mm[0]
    return LungStack(volume.values, volume.lung_masks(), volume.geometry.spacing_mm, thickness_mm)


def _result(
    name: str, painted: PaintedLesion, plain: ServedStudy, volume: DecodedVolume, networks: ExportedNetworks
) -> PaintedStudy:
    mask = painted.mask_on(volume.values.shape)
    try:
        served = serve(volume.with_values(painted.on(volume.values)), networks)
    except StudyError:  # the lesion hides the lungs from the survey: not analysed, so not found
        return PaintedStudy(
            name, painted.lesion, _in_view(plain, mask), False, False, 0.0, plain.logit, plain.logit, {}
        )
    found = pointing(served, mask)
    pathology = served.verdict is Verdict.PATHOLOGY
    return PaintedStudy(
        name,
        painted.lesion,
        found.in_view,
        pathology,
        found.hit,
        found.chance,
        served.logit,
        plain.logit,
        served.by_each_rule(),
    )


def _in_view(served: ServedStudy, mask: Bools) -> bool:
    return any(mask[index].any() for index in served.prepared.slice_indices)

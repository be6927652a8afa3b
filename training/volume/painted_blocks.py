"""Blocks for training: pairs without and with a painted lesion, and blocks of marked tumours.

A pair is cut out of one stack by the same random scale, flip and slice distance, and changed alike, so that the lesion
is the only difference. Lesion and vessels are painted on the stack's own slices, before any resampling: they are as
thick and as noisy along the body as what surrounds them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from screening.blocks.lung_grid import grey_of
from screening.dicom.hu import AIR_HU
from training.synthesis.volume_lesions import LungStack, NoPlace, PaintedLesion, VolumeLesion, paint_lesion
from training.synthesis.volume_shapes import Triple
from training.synthesis.volume_vessels import Vessels
from training.training_schedule import Schedule
from training.volume.block_cut import OFF_CENTRE_MM, BlockChange, BlockCut, Bools, Floats, Random
from training.volume.training_stack import TrainingStack

SIZES_MM: Final = (4.0, 32.0)
SMALL_MM: Final = (4.5, 10.0)  # half of the lesions: they are what one slice cannot tell from a vessel
SECOND_LESION: Final = 0.3
VESSELS: Final = 0.6  # of the lesions get one to three vessels around them, with and without the lesion
VISIBLE_HU: Final = 60.0
CUTS: Final = 4  # pairs around one painted lesion


@dataclass(frozen=True)
class BlockBatch:
    """Blocks and masks uint8 [N, 1, S, S, S], lesions bool [N, S, S, S], trust [N]: plain, painted, marked ones."""

    blocks: Tensor
    masks: Tensor
    lesions: Tensor
    trust: Tensor
    pairs: int

    def to(self, device: torch.device) -> "BlockBatch":
        """The same batch on this device."""
        return BlockBatch(
            self.blocks.to(device), self.masks.to(device), self.lesions.to(device), self.trust.to(device), self.pairs
        )


class PaintedBlocks:
    """Draws batches from stacks; those that may be called normal are drawn more often."""

    def __init__(self, stacks: Sequence[TrainingStack]) -> None:
        self._stacks = stacks
        weights = np.array([one.trust for one in stacks])
        self._shares = weights / weights.sum()
        self._tumours = [(one, np.argwhere(one.lesions)) for one in stacks if one.lesions.any()]

    def draw(self, pairs: int, marked: int, random: Random) -> BlockBatch:
        """`pairs` pairs, rounded down to a multiple of `CUTS`, and `marked` blocks of marked tumours, if there are."""
        drawn = [pair for _ in range(pairs // CUTS) for pair in self._pairs(random)]
        plain, painted = [one for one, _ in drawn], [one for _, one in drawn]
        tumours = [self._marked_block(random) for _ in range(marked if self._tumours else 0)]
        return _batched([*plain, *painted, *tumours], len(drawn))

    def _pairs(self, random: Random) -> list[tuple["_Block", "_Block"]]:
        """`CUTS` pairs around one painted lesion: painting costs as much as a step of the network."""
        source = self._stacks[random.choice(len(self._stacks), p=self._shares)]
        painted = _painted(source.stack, random)
        return [_pair(source, painted, random) for _ in range(CUTS)]

    def _marked_block(self, random: Random) -> "_Block":
        source, voxels = self._tumours[random.integers(len(self._tumours))]
        cut = BlockCut.around(source, voxels[random.integers(len(voxels))].tolist(), random)
        hu = BlockChange.drawn(random).of(cut.of(source.stack.values, AIR_HU))
        return _Block(hu, cut.of(source.stack.lungs, 0) >= 0.5, cut.of(source.lesions, 0) >= 0.5, source.trust)


def drawn_batch(blocks: PaintedBlocks, schedule: Schedule, step: int) -> BlockBatch:
    """The batch of a step: four fifths of it are pairs, one fifth marked tumours."""
    random = np.random.default_rng((schedule.seed, step))
    return blocks.draw(schedule.batch // 5 * 2, schedule.batch // 5, random)


@dataclass(frozen=True)
class _Block:
    hu: Floats
    lungs: Bools
    lesion: Bools
    trust: float


@dataclass(frozen=True)
class _PaintedStack:
    """Values of a stack `without` and `with_lesion`; `centre` is that of the first lesion, in voxels."""

    without: NDArray[np.int16]
    with_lesion: NDArray[np.int16]
    centre: Triple


def _painted(stack: LungStack, random: Random) -> _PaintedStack:
    """One or two lesions, and vessels near the first of them."""
    first = _lesion(stack, random)
    without, with_lesion = stack.values, first.on(stack.values)
    if random.random() < SECOND_LESION:
        with_lesion = _lesion(replace(stack, values=with_lesion), random).on(with_lesion)
    for _ in range(random.integers(1, 4) if random.random() < VESSELS else 0):
        vessels = Vessels.drawn(_near(stack, first.centre, random), random)
        without, with_lesion = vessels.on(stack, without), vessels.on(stack, with_lesion)
    return _PaintedStack(without, with_lesion, first.centre)


def _near(stack: LungStack, centre: Triple, random: Random) -> Triple:
    """A point (mm) that is as near to a lesion as the middle of its block."""
    slice_, row, column = np.multiply(centre, stack.spacing_mm) + random.uniform(-OFF_CENTRE_MM, OFF_CENTRE_MM, 3)
    return float(slice_), float(row), float(column)


def _lesion(stack: LungStack, random: Random) -> PaintedLesion:
    while True:
        try:
            sizes = SMALL_MM if random.random() < 0.5 else SIZES_MM
            return paint_lesion(stack, VolumeLesion.drawn(random, *sizes), random)
        except NoPlace:
            continue


def _pair(source: TrainingStack, painted: _PaintedStack, random: Random) -> tuple[_Block, _Block]:
    """The same place without and with the lesion."""
    cut, change = BlockCut.around(source, painted.centre, random), BlockChange.drawn(random)
    before, after = cut.of(painted.without, AIR_HU), cut.of(painted.with_lesion, AIR_HU)
    lungs, real = cut.of(source.stack.lungs, 0) >= 0.5, cut.of(source.lesions, 0) >= 0.2
    visible = np.abs(after - before) > VISIBLE_HU
    return (
        _Block(change.of(before), lungs, real, source.trust),
        _Block(change.of(after), lungs, visible | real, source.trust),
    )


def _batched(blocks: Sequence[_Block], pairs: int) -> BlockBatch:
    return BlockBatch(
        torch.from_numpy(np.stack([grey_of(one.hu) for one in blocks])).unsqueeze(1),
        torch.from_numpy(np.stack([one.lungs for one in blocks]).astype(np.uint8)).unsqueeze(1),
        torch.from_numpy(np.stack([one.lesion for one in blocks])),
        torch.tensor([one.trust for one in blocks]),
        pairs,
    )

"""Lesions painted in a volume have the volume of a ball of the stated size, however it is sampled, and their place."""

import math
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from training.synthesis.volume_lesions import (
    BLUR_SD_MM,
    WALL_MM,
    Density,
    LungStack,
    NoPlace,
    Place,
    Shape,
    VolumeLesion,
    paint_lesion,
)
from training.synthesis.volume_shapes import Grid, Outline

LUNG_HU, SOFT_HU, NOISE_HU = -850, 40, 12.0


def chest(spacing_mm: tuple[float, float, float] = (2.5, 1.6, 1.6), dtype: type = np.int16) -> LungStack:
    """Two half-ellipsoids of lung over domes, in soft tissue with noise."""
    counts = [math.ceil(extent / mm) for extent, mm in zip((260.0, 300.0, 340.0), spacing_mm, strict=True)]
    z, y, x = np.meshgrid(
        *(np.arange(count) * mm for count, mm in zip(counts, spacing_mm, strict=True)), indexing="ij", sparse=True
    )
    lungs = np.zeros(counts, np.bool_)
    for middle in (95.0, 245.0):
        body = ((z - 40) / 200) ** 2 + ((y - 150) / 95) ** 2 + ((x - middle) / 62) ** 2 < 1
        dome = (z - 10) ** 2 + (y - 150) ** 2 + (x - middle) ** 2 < 60**2
        lungs |= body & ~dome & (z > 30)
    noise = np.random.default_rng(0).normal(0, NOISE_HU, counts)
    hu = np.where(lungs, LUNG_HU, SOFT_HU) + noise
    values = hu if dtype is np.int16 else (hu + 1000) * (255 / 1200)
    return LungStack(np.clip(values, np.iinfo(dtype).min, np.iinfo(dtype).max).astype(dtype), lungs, spacing_mm)


@pytest.fixture(scope="module")
def stack() -> LungStack:
    return chest()


@settings(max_examples=25)
@given(
    diameter=st.floats(4, 60),
    shape=st.sampled_from(Shape),
    step=st.floats(0.6, 10),
    pixel=st.floats(0.5, 1.2),
    at=st.tuples(*[st.floats(0, 1)] * 3),
    seed=st.integers(0, 10_000),
)
def test_the_volume_is_that_of_a_ball_however_it_is_sampled(
    diameter: float, shape: Shape, step: float, pixel: float, at: tuple[float, float, float], seed: int
) -> None:
    outline = Outline.of(shape, diameter, np.random.default_rng(seed))
    reach = outline.reach_mm + 6
    counts = [2 * math.ceil(reach / mm) + 2 for mm in (step, pixel, pixel)]
    grid = Grid((counts[0], counts[1], counts[2]), (step, pixel, pixel), step, BLUR_SD_MM)
    centre = tuple(count / 2 + part - 0.5 for count, part in zip(counts, at, strict=True))
    window = grid.window((centre[0], centre[1], centre[2]), outline.reach_mm)
    cover = grid.cover(outline, (centre[0], centre[1], centre[2]), window)
    assert 0.0 <= cover.min() <= cover.max() <= 1.0 + 1e-5
    assert cover.sum() * step * pixel**2 == pytest.approx(math.pi / 6 * diameter**3, rel=0.15)


@pytest.mark.parametrize("place", Place)
@pytest.mark.parametrize("diameter", [4.0, 10.0, 20.0, 40.0])
def test_a_lesion_lies_in_the_lungs_as_its_place_says(stack: LungStack, place: Place, diameter: float) -> None:
    painted = paint_lesion(stack, VolumeLesion(diameter, place=place), np.random.default_rng(1))
    slice_, row, column = painted.centre
    z, y, x = (at * mm for at, mm in zip(painted.centre, stack.spacing_mm, strict=True))
    least = 0.85 if place in (Place.CENTRAL, Place.MIDDLE) else 0.4
    assert painted.lung_share >= least
    middle = min((95.0, 245.0), key=lambda one: abs(one - x))
    depth = stack.places.depth.max()
    if place is Place.DIAPHRAGMATIC:
        below = stack.lungs[: max(0, int(slice_)), round(row), round(column)]
        assert not below[max(0, int((z - diameter) / stack.spacing_mm[0]) - 2) :].all()
    elif place is Place.APICAL:
        assert z > 0.7 * 240
    elif place is Place.BASAL:
        assert z < 0.45 * 240
    elif place is Place.MEDIASTINAL:
        assert (x - middle) * (170 - middle) > 0
    elif place is Place.PLEURAL and diameter < 30:
        assert abs(y - 150) > 30 or (x - middle) * (170 - middle) < 0
    elif place is Place.CENTRAL:
        assert depth > 20


@settings(max_examples=12)
@given(
    diameter=st.floats(4, 40),
    density=st.sampled_from(Density),
    shape=st.sampled_from(Shape),
    place=st.sampled_from(Place),
    seed=st.integers(0, 10_000),
)
def test_painting_changes_the_lungs_and_their_wall_alone(
    diameter: float, density: Density, shape: Shape, place: Place, seed: int
) -> None:
    stack = chest((5.0, 2.0, 2.0))
    try:
        painted = paint_lesion(stack, VolumeLesion(diameter, density, shape, place), np.random.default_rng(seed))
    except NoPlace:
        return
    after = painted.on(stack.values)
    changed = np.abs(after.astype(int) - stack.values) > 2
    near = np.stack([_grown(mask, WALL_MM + 8) for mask in stack.lungs])
    assert after.dtype == stack.values.dtype
    assert not (changed & ~near).any()
    assert painted.mask.any()
    mask = painted.mask_on(stack.values.shape)
    assert mask[painted.window].sum() == mask.sum()
    again = paint_lesion(stack, VolumeLesion(diameter, density, shape, place), np.random.default_rng(seed))
    assert np.array_equal(again.on(stack.values), after)


def test_densities_have_their_hounsfield_units(stack: LungStack) -> None:
    inside = {}
    for density in Density:
        painted = paint_lesion(stack, VolumeLesion(24.0, density), np.random.default_rng(3))
        core = np.argwhere(painted.mask).mean(axis=0).round().astype(int)
        near = tuple(slice(max(0, at - 1), at + 2) for at in core)
        inside[density] = float(painted.values[near].mean())
    assert -60 < inside[Density.SOLID] < 110
    assert -680 < inside[Density.GROUND_GLASS] < -350
    assert -120 < inside[Density.PART_SOLID] < 110
    assert 200 < inside[Density.CALCIFIED] < 900


def test_a_small_lesion_is_faint_in_thick_slices() -> None:
    """Partial volume: a ball of 4 mm fills less than half of a slice of 10 mm, and no more than is there."""
    peaks = {}
    for step in (1.0, 10.0):
        outline = Outline.of(Shape.SPHEROID, 4.0, np.random.default_rng(0))
        grid = Grid((21, 61, 61), (step, 0.7, 0.7), step, BLUR_SD_MM)
        centre = (10.0, 30.0, 30.0)
        peaks[step] = float(grid.cover(outline, centre, grid.window(centre, outline.reach_mm)).max())
    assert peaks[1.0] > 0.8
    assert peaks[10.0] < 0.5


def test_a_volume_of_8_bit_is_painted_between_its_own_levels() -> None:
    stack = chest((5.0, 2.0, 2.0), np.uint8)
    assert stack.levels.noise_sd == pytest.approx(NOISE_HU * 255 / 1200, rel=0.3)
    assert stack.levels.lung == pytest.approx((LUNG_HU + 1000) * 255 / 1200, abs=3)
    painted = paint_lesion(stack, VolumeLesion(30.0, Density.CALCIFIED), np.random.default_rng(2))
    assert painted.values.dtype == np.uint8
    assert painted.values[painted.mask].mean() > stack.levels.between(0.8)


def test_lungs_without_a_place_are_refused(stack: LungStack) -> None:
    with pytest.raises(NoPlace):
        paint_lesion(stack, VolumeLesion(150.0, place=Place.CENTRAL), np.random.default_rng(0))
    with pytest.raises(NoPlace):
        paint_lesion(replace(stack, lungs=np.zeros_like(stack.lungs)), VolumeLesion(5.0), np.random.default_rng(0))


def test_drawn_lesions_have_all_kinds_and_sizes_in_their_range() -> None:
    random = np.random.default_rng(0)
    drawn = [VolumeLesion.drawn(random, 6.0, 20.0) for _ in range(300)]
    assert {one.density for one in drawn} == set(Density)
    assert {one.shape for one in drawn} == set(Shape)
    assert {one.place for one in drawn} == set(Place)
    assert 6.0 <= min(one.diameter_mm for one in drawn) < max(one.diameter_mm for one in drawn) <= 20.0


def test_a_sheet_of_volume_lesions_to_look_at(out_dir: Path) -> None:
    """One column a density, one row a size: the middle slice of each lesion."""
    stack = chest((2.0, 1.0, 1.0))
    rows = []
    for diameter in (6.0, 10.0, 20.0, 40.0):
        cells = []
        for density in Density:
            lesion = VolumeLesion(diameter, density, Shape.SPICULATED, Place.MIDDLE)
            painted = paint_lesion(stack, lesion, np.random.default_rng(5))
            slice_, row, column = (round(at) for at in painted.centre)
            cut = painted.on(stack.values)[slice_, max(0, row - 40) : row + 40, max(0, column - 40) : column + 40]
            grey = np.clip((cut.astype(np.float32) + 1350) / 1500 * 255, 0, 255).astype(np.uint8)
            cells.append(np.asarray(cv2.resize(grey, (160, 160))))
        rows.append(np.hstack(cells))
    cv2.imwrite(str(out_dir / "volume_lesions.png"), np.vstack(rows))
    assert np.vstack(rows).std() > 0


def _grown(mask: NDArray[np.bool_], mm: float) -> NDArray[np.bool_]:
    size = 2 * math.ceil(mm / 2.0) + 1
    return cv2.dilate(mask.astype(np.uint8), np.ones((size, size), np.uint8)).astype(np.bool_)

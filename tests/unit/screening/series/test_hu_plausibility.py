"""Values that are no Hounsfield units are refused by name before lungs are looked for; those that are, pass."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from screening.dicom.headers import read_headers
from screening.dicom.slice_header import NIFTI_SYNTAX, Rescale
from screening.errors import NotHounsfield
from screening.intake.budgets import Budgets
from screening.intake.upload import open_upload
from screening.series.hu_explanation import CAUSES, Values, explained
from screening.series.hu_plausibility import Shares, check_hounsfield
from screening.series.series_choice import ranked
from screening.series.studies import Study, studies_of
from screening.series.volume import Volume
from tests.corpus import wrong_content
from tests.corpus.clean_study import SLICES, Slice, clean_files, in_every_slice, with_slices_changed, zip_of_files
from tests.unit.screening.synthetic_headers import slice_header

Hu = NDArray[np.int16]


def volume_of(upload: Path) -> Volume:
    (study,) = studies_of(read_headers(open_upload(upload, upload.parent / "scratch", Budgets()), Budgets()))
    assert isinstance(study, Study)
    return ranked(study).volumes[0]


def decoded(volume: Volume) -> dict[int, Hu]:
    return {index: volume.hu(index) for index in range(0, len(volume), 2)}


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Volume:
    return volume_of(zip_of_files(tmp_path_factory.mktemp("clean"), clean_files()))


@pytest.fixture(scope="module")
def clean_hu(clean: Volume) -> list[Hu]:
    return [clean.hu(index) for index in range(2, len(clean), 3)]


def test_a_sound_study_gives_no_warning(clean: Volume) -> None:
    assert check_hounsfield(clean, decoded(clean)) == ()


@pytest.mark.parametrize("name", ["normal001", "cap001", "lung_dx_a0002/B40f", "lung_dx_a0002/B70f"])
def test_real_studies_pass(real_data: Path, name: str) -> None:
    volume = volume_of(real_data / "dicom" / name)
    assert check_hounsfield(volume, {index: volume.hu(index) for index in range(0, len(volume), 7)}) == ()


@settings(deadline=None, max_examples=60)
@example(shift=-260, slope=1.0)  # fat and soft tissue between lung and fat, bone as soft tissue
@example(shift=300, slope=0.5)  # lung between lung and fat, all tissue from 100 to 210
@example(shift=-980, slope=2.0)  # soft tissue where it belongs, the lungs clipped at -1024
@given(
    shift=st.one_of(st.integers(-3000, -260), st.integers(260, 3000)), slope=st.sampled_from([1.0, 0.5, 2.0, 0.1, 10.0])
)
def test_values_that_were_shifted_or_scaled_are_never_hounsfield(clean_hu: list[Hu], shift: int, slope: float) -> None:
    wrong = [
        np.clip((hu.astype(np.float64) + 1024) * slope - 1024 + shift, -1024, 32767).astype("i2") for hu in clean_hu
    ]
    assert not Shares.of(wrong).plausible


@settings(deadline=None, max_examples=40)
@given(
    low=st.integers(-1400, -100),
    width=st.integers(100, 3000),
    top=st.sampled_from([1, 100, 255, 1000, 4095]),
)
def test_a_window_is_never_hounsfield(clean_hu: list[Hu], low: int, width: int, top: int) -> None:
    """Scaled to 0 ... top, as pictures and training data are."""
    pictures = [np.clip((hu.astype(np.float64) - low) / width * top, 0, top).astype("i2") for hu in clean_hu]
    assert not Shares.of(pictures).plausible


@settings(deadline=None, max_examples=40)
@given(
    noise_hu=st.floats(0, 60), offset=st.integers(-30, 30), least=st.integers(-1024, -950), most=st.integers(300, 3071)
)
def test_noise_calibration_and_clipping_of_scanners_pass(
    clean_hu: list[Hu], noise_hu: float, offset: int, least: int, most: int
) -> None:
    noise = np.random.default_rng(0).normal(0, noise_hu, clean_hu[0].shape)
    seen = [np.clip(hu + noise + offset, least, most).astype("i2") for hu in clean_hu]
    assert Shares.of(seen).plausible


@settings(deadline=None, max_examples=20)
@given(level=st.integers(-600, -300), share=st.floats(0.0, 0.6))
def test_lungs_with_much_ground_glass_pass(clean_hu: list[Hu], level: int, share: float) -> None:
    rng = np.random.default_rng(0)
    ill = [
        np.where((hu > -960) & (hu < -650) & (rng.random(hu.shape) < share), level, hu).astype("i2") for hu in clean_hu
    ]
    assert Shares.of(ill).plausible


def changed(change: Callable[[Slice], object], folder: Path) -> Volume:
    return volume_of(in_every_slice(change)(folder))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (wrong_content.shifted_without_rescale, "Rescale Slope and Rescale Intercept are missing"),
        (wrong_content.rescaled_twice, "applied twice"),
        (wrong_content.padding_over_all, "Pixel Padding"),
        (wrong_content.grey_capture, "8 bits"),
    ],
)
def test_the_refusal_names_the_element(change: Callable[[Slice], object], word: str, tmp_path: Path) -> None:
    volume = changed(change, tmp_path)
    with pytest.raises(NotHounsfield, match=word):
        check_hounsfield(volume, decoded(volume))


def test_hu_without_a_rescale_pass_with_a_warning(tmp_path: Path) -> None:
    def stored_as_hu(slice_: Slice) -> None:
        wrong_content.rescaled_twice(slice_)
        wrong_content.shifted_without_rescale(slice_)

    volume = changed(stored_as_hu, tmp_path)
    (warning,) = check_hounsfield(volume, decoded(volume))
    assert "are missing" in warning


@pytest.mark.parametrize("place", [2, SLICES // 2, SLICES - 4])
def test_one_slice_that_differs_from_its_neighbours_is_found(place: int, tmp_path: Path) -> None:
    def change(slices: list[Slice]) -> list[Slice]:
        slices[place].RescaleIntercept = "0"
        return slices

    volume = volume_of(with_slices_changed(change)(tmp_path))
    with pytest.raises(NotHounsfield, match=f"1 of {SLICES} slices"):
        check_hounsfield(volume, {index: volume.hu(index) for index in range(len(volume))})


def test_slices_of_one_value_say_nothing(clean: Volume) -> None:
    blank = {index: np.full((128, 128), -1024, np.int16) for index in range(4)}
    assert check_hounsfield(clean, blank) == ()
    assert check_hounsfield(clean, {**decoded(clean), 1: blank[0]}) == ()


def values(low: float, high: float, *, padding: float = 0.0, **header: object) -> Values:
    return Values(replace(slice_header(), **header), low, high, padding)  # type: ignore[arg-type]


def nifti(low: float, high: float) -> Values:
    layout = slice_header().pixels
    assert layout is not None
    return values(low, high, pixels=replace(layout, transfer_syntax=NIFTI_SYNTAX, signed=True))


@pytest.mark.parametrize(
    ("seen", "word"),
    [
        (values(np.nan, np.nan), "NaN"),
        (values(-1024, 0, padding=1.0), "Padding"),
        (values(0, 65_500), "Pixel Representation"),
        (values(0, 1), "0 ... 1"),
        (values(0, 255), "8 bits"),
        (nifti(0, 4095), "1024"),
        (values(0, 4095, rescale=Rescale(stated=False)), "missing"),
        (values(-2048, 2047), "twice"),
        (values(0, 4095), "Rescale Intercept"),
        (values(-160, 240), "window"),
        (values(-1024, 3071), "Rescale"),
    ],
)
def test_every_cause_has_its_words(seen: Values, word: str) -> None:
    told = explained(seen)
    assert word in told
    assert "Hounsfield" in told
    assert len(CAUSES) >= 11

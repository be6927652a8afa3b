"""Series selection: the chosen stack, the reasons for the others, and the error when none can be used."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.dicom.headers import Headers, SkippedFile, read_headers
from screening.dicom.slice_header import SliceHeader
from screening.errors import (
    InvalidSpacing,
    MissingPosition,
    MixedPatients,
    NoChestSeries,
    NotComputedTomography,
    StudyError,
)
from screening.intake.budgets import Budgets
from screening.intake.upload import open_upload
from screening.series.lung_look import LungLook
from screening.series.series_choice import ranked
from screening.series.series_preference import sort_by_preference
from screening.series.studies import Candidate, Study, candidates_of, screenable, studies_of
from tests.unit.screening.synthetic_headers import LAYOUT, slice_header, slice_headers

OTHER = "2.25.9"
LOCALISER = ("ORIGINAL", "PRIMARY", "LOCALIZER")


def the_study(slices: list[SliceHeader]) -> Study:
    (study,) = studies_of(Headers(tuple(slices), ()))
    assert isinstance(study, Study)
    return study


def candidates(slices: list[SliceHeader], looks: Mapping[str, LungLook] | None = None) -> list[Candidate]:
    """The candidates of a study whose series were looked at with this result, by default the same for all."""
    found = screenable(the_study(slices))
    seen = [(volume, (looks or {}).get(volume.series_uid, LungLook(4000.0, 0.0))) for volume in found.volumes]
    return list(candidates_of(sort_by_preference(seen), found.unsuitable))


def reasons(slices: list[SliceHeader]) -> list[tuple[str, str]]:
    return [(candidate.series_uid, candidate.reason) for candidate in candidates(slices)]


def other(slices: list[SliceHeader], **changes: Any) -> list[SliceHeader]:
    return [replace(one, series_uid=OTHER, sop_uid=f"{one.sop_uid}.9", **changes) for one in slices]


def test_the_only_series_is_chosen() -> None:
    (candidate,) = candidates(slice_headers())
    assert candidate.chosen
    assert (candidate.slices, candidate.kernel, candidate.spacing_mm, candidate.reason) == (16, "B30f", 8.0, "chosen")


@pytest.mark.parametrize(
    ("losing", "reason"),
    [
        (other(slice_headers(), kernel="B70f"), "kernel"),
        (other(slice_headers(), kernel="unheard of"), "kernel"),
        (other(slice_headers(), image_type=("DERIVED", "SECONDARY", "AXIAL")), "derived"),
        (other([replace(one, projection=True) for one in slice_headers()]), "projection"),
        (other(slice_headers(15)), "fewer_slices"),
        (other(slice_headers()), "duplicate"),
        (other(slice_headers(), image_type=LOCALISER), "localiser"),
        (other(slice_headers(), modality="PT"), "not_ct"),
        (other(slice_headers(2)), "too_few_slices"),
        (other(slice_headers(), position=None), "missing_position"),
    ],
)
def test_the_other_series_gets_a_reason(losing: list[SliceHeader], reason: str) -> None:
    slices = [*losing, *slice_headers()]
    assert reasons(slices) == [("2.25.2", "chosen"), (OTHER, reason)]
    assert all(candidate.explanation for candidate in candidates(slices))


def test_original_slices_win_over_a_softer_kernel() -> None:
    derived = other(slice_headers(), image_type=("DERIVED",), kernel="B20f")
    assert reasons([*slice_headers(), *derived])[0] == ("2.25.2", "chosen")


@pytest.mark.parametrize(
    ("sharp_look", "soft_look", "reason"),
    [
        (LungLook(4000.0, 0.0), LungLook(3900.0, 60.0), "narrow_field"),
        (LungLook(4000.0, 0.0), LungLook(2800.0, 0.0), "less_lung"),
        (LungLook(4000.0, 60.0), LungLook(2800.0, 60.0), "less_lung"),
    ],
)
def test_the_lungs_decide_before_the_kernel(sharp_look: LungLook, soft_look: LungLook, reason: str) -> None:
    slices = [*other(slice_headers(), kernel="B70f"), *slice_headers()]
    found = candidates(slices, {OTHER: sharp_look, "2.25.2": soft_look})
    assert [(one.series_uid, one.reason) for one in found] == [(OTHER, "chosen"), ("2.25.2", reason)]


def test_the_chest_is_screened_and_not_the_whole_body() -> None:
    assert reasons([*other(slice_headers(120)), *slice_headers()]) == [("2.25.2", "chosen"), (OTHER, "whole_body")]


def test_fine_steps_win_over_a_softer_kernel() -> None:
    fine = [replace(one, position=(0.0, 0.0, 2.0 * number)) for number, one in enumerate(slice_headers(60))]
    thick = other([replace(one, position=(0.0, 0.0, 10.0 * number)) for number, one in enumerate(slice_headers(13))])
    assert reasons([*[replace(one, kernel="B70f") for one in fine], *thick])[0] == ("2.25.2", "chosen")


@settings(deadline=None, max_examples=25)
@given(st.randoms(use_true_random=False))
def test_the_order_of_files_changes_nothing(random: Random) -> None:
    inside = [replace(one, sop_uid=f"{one.sop_uid}.5") for one in other(slice_headers(3), image_type=LOCALISER)]
    slices = [*slice_headers(), *other(slice_headers(13), modality="PT"), *inside]
    shuffled = slices.copy()
    random.shuffle(shuffled)
    assert candidates(shuffled) == candidates(slices)


def test_a_localiser_inside_the_series_is_a_candidate_of_its_own() -> None:
    localiser = replace(slice_header(99), image_type=LOCALISER, pixels=replace(LAYOUT, rows=888))
    assert reasons([localiser, *slice_headers()]) == [("2.25.2", "chosen"), ("2.25.2", "localiser")]


@pytest.mark.parametrize(
    ("slices", "error"),
    [
        ([replace(one, modality="MR") for one in slice_headers()], NotComputedTomography),
        ([replace(slice_header(), modality="DX")], NotComputedTomography),
        ([replace(one, image_type=LOCALISER) for one in slice_headers()], NoChestSeries),
        (slice_headers(3), NoChestSeries),
        ([replace(one, position=None) for one in slice_headers()], MissingPosition),
        ([replace(one, spacing_mm=(0.0, 0.0)) for one in slice_headers()], InvalidSpacing),
        ([*slice_headers(3), *other(slice_headers(), modality="MR")], NoChestSeries),
        (
            [replace(one, spacing_mm=None) for one in slice_headers()] + other(slice_headers(), image_type=LOCALISER),
            InvalidSpacing,
        ),
    ],
)
def test_without_a_usable_series_the_error_is_that_of_the_one_that_passed_most_rules(
    slices: list[SliceHeader], error: type[StudyError]
) -> None:
    with pytest.raises(error) as refusal:
        screenable(the_study(slices))
    assert refusal.value.study_uid == "2.25.1"


def test_several_studies_are_several_studies() -> None:
    second = [replace(one, study_uid="2.25.7", patient_key="somebody else") for one in other(slice_headers())]
    studies = studies_of(Headers((*second, *slice_headers()), ()))
    assert [study.study_uid for study in studies] == ["2.25.1", "2.25.7"]


def test_one_study_of_two_patients_is_refused() -> None:
    mixed = [replace(slice_header(0), patient_key="somebody else"), *slice_headers()[1:]]
    (error,) = studies_of(Headers(tuple(mixed), ()))
    assert isinstance(error, MixedPatients)


def test_files_that_could_not_be_read_are_a_warning_of_every_study() -> None:
    skipped = (
        SkippedFile("file 1", "broken_dicom", ""),
        SkippedFile("file 2", "duplicate", ""),
        SkippedFile("file 3", "not_dicom", ""),
    )
    (study,) = studies_of(Headers(tuple(slice_headers()), skipped))
    assert isinstance(study, Study)
    assert study.warnings == (
        "1 DICOM file(s) of the upload could not be read.",
        "1 file(s) that repeat another one were left out.",
    )


def test_of_two_kernels_of_a_real_study_the_soft_one_is_chosen_and_the_sharp_one_gets_a_reason(real_data: Path) -> None:
    members = open_upload(real_data / "dicom" / "lung_dx_a0002", Path("unused"), Budgets())
    (study,) = studies_of(read_headers(members, Budgets()))
    assert isinstance(study, Study)
    ranking = ranked(study)
    soft, sharp = ranking.candidates
    assert (soft.kernel, soft.chosen, soft.slices, soft.spacing_mm) == ("B40f", True, 30, 8.0)
    assert (sharp.kernel, sharp.chosen, sharp.reason) == ("B70f", False, "kernel")
    assert "B70f is sharper than B40f" in sharp.explanation
    assert ranking.volumes[0].warnings == ()

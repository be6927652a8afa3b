"""Series choice: which stack is screened, why not the others, and which error tells most when none will do."""

from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.budgets import Budgets
from screening.errors import (
    InvalidSpacing,
    InvalidUid,
    MissingPosition,
    MixedPatients,
    NoChestSeries,
    NotComputedTomography,
    StudyError,
)
from screening.headers import Headers, Skipped, read_headers
from screening.intake import open_upload
from screening.series import Candidate, Study, rank, studies_of
from screening.slice_header import SliceHeader
from tests.unit.screening.synthetic_headers import LAYOUT, made_slice, made_stack

OTHER = "2.25.9"
LOCALISER = ("ORIGINAL", "PRIMARY", "LOCALIZER")


def the_study(slices: list[SliceHeader]) -> Study:
    (study,) = studies_of(Headers(tuple(slices), ()))
    assert isinstance(study, Study)
    return study


def candidates(slices: list[SliceHeader]) -> list[Candidate]:
    return [candidate for candidate, _ in rank(the_study(slices))]


def reasons(slices: list[SliceHeader]) -> list[tuple[str, str]]:
    return [(candidate.series_uid, candidate.reason) for candidate in candidates(slices)]


def other(slices: list[SliceHeader], **changes: Any) -> list[SliceHeader]:
    return [replace(one, series_uid=OTHER, sop_uid=f"{one.sop_uid}.9", **changes) for one in slices]


def test_the_only_series_is_chosen() -> None:
    (candidate,) = candidates(made_stack())
    assert candidate.chosen
    assert (candidate.slices, candidate.kernel, candidate.spacing_mm, candidate.reason) == (16, "B30f", 8.0, "chosen")


@pytest.mark.parametrize(
    ("losing", "reason"),
    [
        (other(made_stack(), kernel="B70f"), "kernel"),
        (other(made_stack(), kernel="unheard of"), "kernel"),
        (other(made_stack(), image_type=("DERIVED", "SECONDARY", "AXIAL")), "derived"),
        (other(made_stack(12)), "shorter"),
        (other(made_stack(15)), "fewer_slices"),
        (other(made_stack()), "duplicate"),
        (other(made_stack(), image_type=LOCALISER), "localiser"),
        (other(made_stack(), modality="PT"), "not_ct"),
        (other(made_stack(2)), "too_few_slices"),
        (other(made_stack(), position=None), "missing_position"),
    ],
)
def test_the_other_series_is_told_why_not(losing: list[SliceHeader], reason: str) -> None:
    slices = [*losing, *made_stack()]
    assert reasons(slices) == [("2.25.2", "chosen"), (OTHER, reason)]
    assert all(candidate.explanation for candidate in candidates(slices))


def test_original_slices_win_over_a_softer_kernel_and_coverage_over_both_kernels() -> None:
    derived = other(made_stack(), image_type=("DERIVED",), kernel="B20f")
    assert reasons([*made_stack(), *derived])[0] == ("2.25.2", "chosen")
    longer_but_sharp = other(made_stack(24), kernel="B70f")
    assert reasons([*made_stack(), *longer_but_sharp])[0] == (OTHER, "chosen")


@settings(deadline=None, max_examples=25)
@given(st.randoms(use_true_random=False))
def test_the_order_of_files_changes_nothing(random: Random) -> None:
    inside = [replace(one, sop_uid=f"{one.sop_uid}.5") for one in other(made_stack(3), image_type=LOCALISER)]
    slices = [*made_stack(), *other(made_stack(13), modality="PT"), *inside]
    shuffled = slices.copy()
    random.shuffle(shuffled)
    assert candidates(shuffled) == candidates(slices)


def test_a_localiser_inside_the_series_is_a_candidate_of_its_own() -> None:
    localiser = replace(made_slice(99), image_type=LOCALISER, pixels=replace(LAYOUT, rows=888))
    assert reasons([localiser, *made_stack()]) == [("2.25.2", "chosen"), ("2.25.2", "localiser")]


@pytest.mark.parametrize(
    ("slices", "error"),
    [
        ([replace(one, modality="MR") for one in made_stack()], NotComputedTomography),
        ([replace(made_slice(), modality="DX")], NotComputedTomography),
        ([replace(one, image_type=LOCALISER) for one in made_stack()], NoChestSeries),
        (made_stack(3), NoChestSeries),
        ([replace(one, position=None) for one in made_stack()], MissingPosition),
        ([replace(one, spacing_mm=(0.0, 0.0)) for one in made_stack()], InvalidSpacing),
        ([*made_stack(3), *other(made_stack(), modality="MR")], NoChestSeries),
        (
            [replace(one, spacing_mm=None) for one in made_stack()] + other(made_stack(), image_type=LOCALISER),
            InvalidSpacing,
        ),
    ],
)
def test_without_a_usable_series_the_one_that_came_furthest_speaks(
    slices: list[SliceHeader], error: type[StudyError]
) -> None:
    with pytest.raises(error) as refusal:
        rank(the_study(slices))
    assert refusal.value.study_uid == "2.25.1"


def test_several_studies_are_several_studies() -> None:
    second = [replace(one, study_uid="2.25.7", patient_key="somebody else") for one in other(made_stack())]
    studies = studies_of(Headers((*second, *made_stack()), ()))
    assert [study.study_uid for study in studies] == ["2.25.1", "2.25.7"]


def test_one_study_of_two_patients_is_none() -> None:
    mixed = [replace(made_slice(0), patient_key="somebody else"), *made_stack()[1:]]
    (error,) = studies_of(Headers(tuple(mixed), ()))
    assert isinstance(error, MixedPatients)


@pytest.mark.parametrize("field", ["study_uid", "series_uid", "sop_uid"])
@pytest.mark.parametrize("text", ["", "Surname^Name", "../../etc/passwd", "1" * 65])
def test_a_uid_that_is_none_spoils_its_study_only(field: str, text: str) -> None:
    uids: dict[str, Any] = {"study_uid": "2.25.8", field: text}
    spoiled = [replace(one, **uids) for one in made_stack()]
    found = studies_of(Headers((*spoiled, *made_stack()), ()))
    assert sorted(type(one).__name__ for one in found) == ["InvalidUid", "Study"]
    (error,) = (one for one in found if isinstance(one, InvalidUid))
    assert error.study_uid == (None if field == "study_uid" else "2.25.8")
    assert not text or text not in error.detail


def test_files_that_could_not_be_read_are_a_warning_of_every_study() -> None:
    skipped = (
        Skipped("file 1", "broken_dicom", ""),
        Skipped("file 2", "duplicate", ""),
        Skipped("file 3", "not_dicom", ""),
    )
    (study,) = studies_of(Headers(tuple(made_stack()), skipped))
    assert isinstance(study, Study)
    assert study.warnings == (
        "1 DICOM file(s) of the upload could not be read.",
        "1 file(s) that repeat another one were left out.",
    )


def test_of_two_kernels_of_a_real_study_the_soft_one_is_chosen_and_the_sharp_one_told_why(real_data: Path) -> None:
    members = open_upload(real_data / "dicom" / "lung_dx_a0002", Path("unused"), Budgets())
    (study,) = studies_of(read_headers(members, Budgets()))
    assert isinstance(study, Study)
    (soft, volume), (sharp, _) = rank(study)
    assert (soft.kernel, soft.chosen, soft.slices, soft.spacing_mm) == ("B40f", True, 30, 8.0)
    assert (sharp.kernel, sharp.chosen, sharp.reason) == ("B70f", False, "kernel")
    assert "B70f is sharper than B40f" in sharp.explanation
    assert volume is not None
    assert volume.warnings == ()

"""UIDs that are missing, none, lost or repeated: slices stay together, every object gets a UID, nothing is repeated."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import UID

from screening.dicom.headers import Headers, read_headers
from screening.dicom.identity import identified
from screening.dicom.slice_header import SliceHeader, is_uid
from screening.errors import MixedPatients
from screening.intake.budgets import Budgets
from screening.intake.upload import open_upload
from screening.series.studies import Study, studies_of
from tests.dicom_factory import ct_series, folder_of, other_series, to_bytes
from tests.unit.screening.synthetic_headers import slice_headers

BAD = st.sampled_from(
    ["", "Surname^Name", "../../etc/passwd", "1" * 65, "1.2.3.", "2f1c3b9e-6a01-4d1f-9d5e-a0b1c2d3e4f5"]
)
LEVELS = ("study_uid", "series_uid", "sop_uid")


def renamed(one: SliceHeader, uids: dict[str, Any]) -> SliceHeader:
    return replace(one, **uids)


def only_study(slices: list[SliceHeader]) -> Study:
    (study,) = studies_of(Headers(identified(slices), ()))
    assert isinstance(study, Study)
    return study


def read(folder: Path, datasets: list[Dataset]) -> Headers:
    files = {f"{number:04}": to_bytes(one) for number, one in enumerate(datasets)}
    return read_headers(open_upload(folder_of(folder / "upload", files), folder / "scratch", Budgets()), Budgets())


def studies(folder: Path, datasets: list[Dataset]) -> list[Study]:
    return [study for study in studies_of(read(folder, datasets)) if isinstance(study, Study)]


@settings(deadline=None, max_examples=40)
@given(bad=st.tuples(BAD, BAD, BAD), numbered=st.booleans(), seed=st.integers(0, 9))
def test_uids_that_are_none_keep_one_series_together(bad: tuple[str, str, str], numbered: bool, seed: int) -> None:
    study, series, sop = bad
    slices = [
        replace(one, study_uid=study, series_uid=series, sop_uid=f"{sop}{index}" if numbered and sop else sop)
        for index, one in enumerate(slice_headers())
    ]
    found = only_study(slices)
    (one,) = found.series
    uids = [one.study_uid, one.series_uid, *(each.sop_uid for each in one.slices)]
    assert len(one.slices) == len(slices)
    assert all(map(is_uid, uids))
    assert len(set(uids)) == len(uids)
    assert found.warnings
    assert not any(word in warning for warning in found.warnings for word in (*bad, "passwd") if word)
    other_order = only_study(Random(seed).sample(slices, len(slices)))
    assert {each.sop_uid for each in other_order.series[0].slices} == set(uids[2:])
    assert (other_order.study_uid, other_order.series[0].series_uid) == tuple(uids[:2])


def test_proper_uids_stay_without_a_warning() -> None:
    slices = slice_headers()
    assert identified(slices) == tuple(slices)
    assert only_study(slices).warnings == ()


@pytest.mark.parametrize(
    "fields", [("series_uid",), ("study_uid", "series_uid"), ("study_uid", "series_uid", "sop_uid")]
)
def test_uids_that_differ_from_file_to_file_are_one_series(fields: tuple[str, ...]) -> None:
    slices = [
        renamed(one, {field: f"2.25.{level}{index}" for level, field in enumerate(fields, 7)})
        for index, one in enumerate(slice_headers())
    ]
    found = only_study(slices)
    assert [len(one.slices) for one in found.series] == [len(slices)]
    assert any("another one in every file" in warning for warning in found.warnings)


def test_slices_without_a_series_uid_are_of_the_series_on_their_grid() -> None:
    slices = [replace(one, series_uid="" if index % 2 else one.series_uid) for index, one in enumerate(slice_headers())]
    (series,) = only_study(slices).series
    assert (series.series_uid, len(series.slices)) == (slices[0].series_uid, len(slices))


def test_a_few_series_of_one_slice_stay_what_they_are() -> None:
    slices = [replace(one, series_uid=f"2.25.7{index}") for index, one in enumerate(slice_headers(6))]
    assert len(only_study(slices).series) == 6


def test_single_slices_of_other_patients_are_never_put_together() -> None:
    slices = [
        replace(one, study_uid=f"2.25.7{index}", series_uid=f"2.25.8{index}", patient_key=f"person {index}")
        for index, one in enumerate(slice_headers(24))
    ]
    assert len(studies_of(Headers(identified(slices), ()))) == 24


def test_one_sop_uid_for_all_is_no_reason_to_take_slices_for_copies(tmp_path: Path) -> None:
    (study,) = studies(tmp_path, [*ct_series(16, SOPInstanceUID="2.25.5")])
    assert len(study.series[0].slices) == len({one.sop_uid for one in study.series[0].slices}) == 16
    assert any("SOP Instance UID" in warning for warning in study.warnings)


def test_a_copy_of_a_file_is_left_out(tmp_path: Path) -> None:
    slices = ct_series(16)
    (study,) = studies(tmp_path, [*slices, *slices[:3]])
    assert len(study.series[0].slices) == 16
    assert study.warnings == ("3 file(s) that repeat another one were left out.",)


def capture(**elements: object) -> Dataset:
    """A dose report: a picture of CT modality with a series of its own and no position."""
    (one,) = other_series(ct_series(1), "2.25.77")
    one.file_meta.MediaStorageSOPInstanceUID = UID("2.25.77.1")
    for keyword, value in elements.items():
        setattr(one, keyword, value)
    del one.ImagePositionPatient, one.ImageOrientationPatient, one.PixelSpacing
    return one


@pytest.mark.parametrize(
    ("elements", "word"),
    [
        ({"PatientID": "000made-1"}, "patient"),
        ({"PatientID": "", "PatientName": "Somebody^Else"}, "patient"),
        ({"SOPInstanceUID": "", "SeriesInstanceUID": "1.2.3."}, "UID"),
        ({"PatientID": ""}, ""),
        ({"PatientID": "", "PatientName": ""}, ""),
        ({"PatientID": "other", "SeriesInstanceUID": "2.25.2000"}, "patient"),
    ],
)
def test_a_stray_object_does_not_refuse_the_study(tmp_path: Path, elements: dict[str, object], word: str) -> None:
    (study,) = studies(tmp_path, [*ct_series(16), capture(**elements)])
    assert max(len(one.slices) for one in study.series) >= 16
    assert bool(word) == bool(study.warnings)
    assert all(word in warning for warning in study.warnings)


def some(index: int) -> bool:
    return index % 2 == 0


@pytest.mark.parametrize("who", [some, lambda index: index == 5])
def test_two_patients_in_one_series_are_an_error(tmp_path: Path, who: Callable[[int], bool]) -> None:
    slices = ct_series(16)
    for index, one in enumerate(slices):
        if who(index):
            one.PatientID = "made-2"
    (error,) = studies_of(read(tmp_path, slices))
    assert isinstance(error, MixedPatients)


def test_a_scan_each_of_two_patients_in_one_study_is_an_error(tmp_path: Path) -> None:
    other = other_series(ct_series(16), "2.25.77", PatientID="made-2")
    (error,) = studies_of(read(tmp_path, [*ct_series(16), *other]))
    assert isinstance(error, MixedPatients)

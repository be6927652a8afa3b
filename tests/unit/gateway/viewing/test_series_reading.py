"""The displayed series: the one that the analysis chooses, or the best one when it can choose none."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gateway.viewing.audit_window import AuditWindow
from gateway.viewing.series_cache import SeriesCache
from gateway.viewing.series_reading import DisplayedSeries, SeriesSource
from screening.errors import NoChestSeries
from screening.intake.budgets import Budgets
from screening.phantom.phantom_study import write_phantom
from screening.preparation import prepare, survey
from screening.series.studies import Study
from tests.dicom_factory import ct_series, other_series, to_files, zip_of


def displayed_series_of(
    path: Path, study_uid: str | None = None, *, allow_other_study: bool = True
) -> DisplayedSeries | None:
    return SeriesSource(path, path.parent, Budgets(), study_uid, allow_other_study).series()


def phantom_of(folder: Path) -> DisplayedSeries:
    displayed = displayed_series_of(write_phantom(folder / "chest.zip", slices=24, size=64))
    assert displayed
    return displayed


def test_the_displayed_series_is_that_of_the_analysis(real_data: Path) -> None:
    folder = real_data / "dicom" / "lung_dx_a0002"
    displayed = displayed_series_of(folder)
    (study,) = survey(folder, folder, Budgets()).studies
    assert isinstance(study, Study)
    prepared = prepare(study, 64, 8.0)
    assert displayed
    assert displayed.volume.series_uid == prepared.series_uid
    assert displayed.candidates == prepared.candidates


def test_without_lungs_the_best_series_is_displayed(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "study.zip", to_files([*ct_series(14), *other_series(ct_series(14), "2.25.8")]))
    displayed = displayed_series_of(path)
    assert displayed
    assert len(displayed.volume) == 14
    assert [candidate.chosen for candidate in displayed.candidates] == [True, False]


def test_an_upload_that_cannot_be_analysed_raises_its_error(tmp_path: Path) -> None:
    with pytest.raises(NoChestSeries):
        displayed_series_of(zip_of(tmp_path / "study.zip", to_files(ct_series(3))))


def test_a_study_is_found_by_its_uid(tmp_path: Path) -> None:
    path = write_phantom(tmp_path / "chest.zip", slices=24, size=64)
    uid = phantom_of(tmp_path).volume.study_uid
    for asked, another, expected in ((uid, False, uid), ("2.25.3", True, uid), ("2.25.3", False, None)):
        displayed = displayed_series_of(path, asked, allow_other_study=another)
        assert (displayed and displayed.volume.study_uid) == expected


def test_a_series_follows_its_moved_upload_and_can_be_pickled(tmp_path: Path) -> None:
    displayed = phantom_of(tmp_path)
    assert displayed.is_in_upload
    moved = (tmp_path / "chest.zip").rename(tmp_path / "moved.zip")
    unpickled = pickle.loads(pickle.dumps(displayed)).at_path(moved)  # noqa: S301 - our own bytes
    np.testing.assert_array_equal(unpickled.volume.hu(3).shape, (64, 64))
    assert SeriesSource(moved, tmp_path, Budgets(), cached=unpickled).volume() is unpickled.volume


def test_the_series_cache_evicts_the_least_recently_used(tmp_path: Path) -> None:
    displayed, series_cache = phantom_of(tmp_path), SeriesCache(max_slices=50)
    series_cache.put("a", displayed)
    series_cache.put("b", displayed)
    assert series_cache.get("a") is displayed
    series_cache.put("c", displayed)
    assert [key for key in "abc" if series_cache.get(key)] == ["a", "c"]
    series_cache.put("d", replace(displayed, warnings=("large",)))
    assert series_cache.get("d")


def test_audit_window_keys_expire_and_the_oldest_are_dropped() -> None:
    fresh, expired = AuditWindow(span_s=60, max_keys=2), AuditWindow(span_s=0)
    for audit_window in (fresh, expired):
        audit_window.add(("who", "what"))
    assert ("who", "what") in fresh
    assert ("who", "what") not in expired
    fresh.add(("1",))
    fresh.add(("2",))
    assert ("who", "what") not in fresh

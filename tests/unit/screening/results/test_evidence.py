import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from screening.lungs.in_plane_orientation import InPlaneOrientation
from screening.results.evidence import Evidence, InvalidEvidence, MapKind, pack, unpack
from tests.unit.screening.studies import eight_slices, fusion_of, outputs_of

CELLS = 16


def evidence_of(**changed: Any) -> Evidence:
    outputs = outputs_of(**changed)
    return Evidence.of(eight_slices(), outputs, fusion_of(outputs))


def one_hot_cell(place: int = 2, row: int = 4, column: int = 11) -> Evidence:
    maps = np.full((8, CELLS, CELLS), 0.25, np.float32)
    maps[place, row, column] = 5.0
    errors = np.full(8, 0.5, np.float32)
    errors[place] = 1.4
    return evidence_of(error_map=maps, reconstruction_error=errors)


def test_unpacked_evidence_equals_the_packed_one() -> None:
    first, second = one_hot_cell(), replace(one_hot_cell(5), study_uid="2.25.7")
    back = unpack(pack([first, second]))
    assert [one.study_uid for one in back] == [first.study_uid, "2.25.7"]
    for one, other in zip(back, (first, second), strict=True):
        assert one.slice_indices == other.slice_indices
        assert one.crop == other.crop
        assert one.geometry.shape == other.geometry.shape
        assert one.geometry.spacing_mm == other.geometry.spacing_mm
        for name in ("activation", "error_map", "slice_p", "slice_r"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        np.testing.assert_array_equal(one.geometry.affine_lps, other.geometry.affine_lps)


def test_equal_evidence_packs_to_equal_bytes() -> None:
    assert pack([one_hot_cell()]) == pack([one_hot_cell()])


def test_no_study_packs_to_no_study() -> None:
    assert unpack(pack([])) == ()


def test_the_key_slice_is_that_of_the_highest_score() -> None:
    evidence = one_hot_cell(5)
    assert evidence.key_slice == evidence.slice_indices[5]


def test_a_heatmap_lies_on_the_original_slice() -> None:
    evidence = one_hot_cell()
    map_ = evidence.heatmap(MapKind.ERROR, 2)
    assert map_.shape == evidence.geometry.shape[1:]
    assert 0.5 < map_.max() <= 1.0
    row, column = np.unravel_index(map_.argmax(), map_.shape)
    side = (evidence.crop.row1 - evidence.crop.row0) / CELLS
    assert row == pytest.approx(evidence.crop.row0 + 4.5 * side, abs=side / 2)
    assert column == pytest.approx(evidence.crop.column0 + 11.5 * side, abs=side / 2)


def test_all_slices_share_one_range_so_that_noise_is_not_stretched() -> None:
    evidence = one_hot_cell()
    assert evidence.heatmap(MapKind.ERROR, 3).max() == 0.0
    assert evidence.maps(MapKind.ACTIVATION).max() < 1e-4  # a probability, not scaled: nothing stands out


def test_the_decisive_map_of_a_slice_is_that_of_the_network_with_the_higher_part() -> None:
    evidence = replace(one_hot_cell(), slice_p=np.full(8, 0.6), slice_r=np.where(np.arange(8) == 2, 0.9, 0.6))
    maps = [evidence.decisive_map(number) for number in range(8)]
    assert maps == [MapKind.ERROR if number == 2 else MapKind.ACTIVATION for number in range(8)]


def test_a_slice_between_chosen_ones_has_the_nearest_and_one_far_outside_has_none() -> None:
    evidence = one_hot_cell()
    indices = evidence.slice_indices
    assert [evidence.nearest_chosen(index) for index in indices] == list(range(len(indices)))
    assert evidence.nearest_chosen(indices[-1] + 1) == len(indices) - 1
    assert evidence.nearest_chosen(len(evidence) - 1) is None
    between = [evidence.nearest_chosen(index) for index in range(indices[0], indices[-1] + 1)]
    assert None not in between


@pytest.mark.parametrize(
    "wrong",
    [
        {"slice_indices": ()},
        {"slice_indices": (3, 2, 4, 5, 6, 7, 8, 9)},
        {"slice_indices": (1, 2, 3, 4, 5, 6, 7, 24)},
        {"slice_indices": (1, 2, 3)},
        {"activation": np.zeros((8, 8), np.float32)},
        {"error_map": np.full((8, 2, 2), np.nan, np.float32)},
        {"slice_p": np.zeros(7)},
    ],
)
def test_inconsistent_arrays_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidEvidence):
        replace(one_hot_cell(), **wrong)


def test_bytes_that_are_no_evidence_are_refused() -> None:
    packed = pack([one_hot_cell()])
    for data in (b"", b"PK\x03\x04", packed[: len(packed) // 2], packed[:100] + packed[101:]):
        with pytest.raises(InvalidEvidence):
            unpack(data)


@pytest.mark.parametrize("missing", ["format", "0.crop", "0.uids", "0.activation"])
def test_a_missing_array_is_refused(missing: str) -> None:
    with np.load(io.BytesIO(pack([one_hot_cell()]))) as arrays:
        kept: dict[str, Any] = {name: arrays[name] for name in arrays.files if name != missing}
    buffer = io.BytesIO()
    np.savez(buffer, **kept)
    with pytest.raises(InvalidEvidence):
        unpack(buffer.getvalue())


def test_pickled_objects_are_never_loaded() -> None:
    buffer = io.BytesIO()
    np.savez(buffer, format=np.array([1, object()], dtype=object))
    with pytest.raises(InvalidEvidence):
        unpack(buffer.getvalue())


def test_another_format_is_named() -> None:
    buffer = io.BytesIO()
    np.savez(buffer, format=np.array([3, 0]))
    with pytest.raises(InvalidEvidence, match="format 3"):
        unpack(buffer.getvalue())


def test_evidence_of_the_first_format_is_read_as_before() -> None:
    """Its crop had two flags, upside down and mirrored."""
    with np.load(io.BytesIO(pack([evidence_of()])), allow_pickle=False) as arrays:
        old = {name: arrays[name] for name in arrays}
    old |= {"format": np.array([1, 1]), "0.crop": np.array([*old["0.crop"][:5], 0, 1])}
    buffer = io.BytesIO()
    np.savez(buffer, **old)
    (study,) = unpack(buffer.getvalue())
    assert study.crop.orientation == InPlaneOrientation(transposed=False, upside_down=False, mirrored=True)

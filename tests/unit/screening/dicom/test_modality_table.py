"""Modality LUT: every stored value gets its entry, with the sign that makes HU of the entries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.dicom.modality_table import ModalityTable


@given(
    st.lists(st.integers(-1024, 3071), min_size=1, max_size=50, unique=True),
    st.integers(-100, 100),
    st.lists(st.integers(-300, 300), min_size=1, max_size=20),
)
def test_against_the_slow_way(entries: list[int], first: int, stored: list[int]) -> None:
    hu = sorted(entries)
    table = ModalityTable.of((len(hu), first, 16), np.array(hu, "<i2").tobytes())
    assert table is not None
    expected = [hu[min(max(value - first, 0), len(hu) - 1)] for value in stored]
    if min(hu) < 0 <= max(hu) or min(hu) >= 0:
        assert table.applied(np.array(stored, np.int16)).tolist() == expected


def test_as_many_entries_as_16_bits_count() -> None:
    table = ModalityTable.of((0, 0, 16), np.arange(65536, dtype="<u2").tobytes())
    assert table is not None
    assert table.applied(np.array([0, 40_000, 65_535], np.uint16)).tolist() == [0, 40_000, 65_535]


def test_entries_of_eight_bits() -> None:
    table = ModalityTable.of((3, 10, 8), bytes([1, 2, 200, 0]))
    assert table is not None
    assert table.applied(np.array([[0, 11, 99]], np.uint8)).tolist() == [[1, 2, 200]]


@pytest.mark.parametrize(
    ("descriptor", "data"), [((4, 0, 16), b"\0" * 7), ((4, 0), b"\0" * 8), ((4, 0, 32), b"\0" * 16), ((4, 0, 0), b"")]
)
def test_a_table_that_does_not_agree_with_itself_is_none(descriptor: tuple[int, ...], data: bytes) -> None:
    assert ModalityTable.of(descriptor, data) is None

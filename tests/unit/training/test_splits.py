import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.splits import LeakingSplit, check_no_leak, split

PATIENTS = [f"p{number // 3}" for number in range(300)]
STRATA = [("normal", "pathological")[number // 3 % 2] for number in range(300)]


@given(st.integers(0, 1000))
def test_no_patient_is_on_two_sides(seed: int) -> None:
    check_no_leak(PATIENTS, split(PATIENTS, STRATA, seed))


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("xyz")), min_size=1, max_size=60))
def test_no_leak_for_any_strata(rows: list[tuple[str, str]]) -> None:
    patients, strata = zip(*rows, strict=True)
    check_no_leak(patients, split(patients, strata))


def test_strata_have_their_shares_on_each_side() -> None:
    sides = split(PATIENTS, STRATA)
    for stratum in ("normal", "pathological"):
        inside = [side for side, name in zip(sides, STRATA, strict=True) if name == stratum]
        assert inside.count("test") == 30
        assert inside.count("validation") == 24 or inside.count("validation") == 21


def test_is_seeded() -> None:
    assert split(PATIENTS, STRATA, 1) == split(PATIENTS, STRATA, 1)
    assert split(PATIENTS, STRATA, 1) != split(PATIENTS, STRATA, 2)


def test_a_leak_is_found() -> None:
    with pytest.raises(LeakingSplit):
        check_no_leak(["a", "b", "a"], ["train", "test", "test"])

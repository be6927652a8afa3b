"""Patients are told apart by ID, else by name, whatever the character set; nothing is repeated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.dicom.persons import person_key, persons_of

SALT = b"salt"


def key(patient_id: str = "", name: str = "", encoding: str = "ascii", character_set: str = "") -> str:
    sets = (character_set,) if character_set else ()
    return person_key(patient_id.encode(encoding), name.encode(encoding), sets, SALT)


def count(*keys: str) -> int:
    return len(set(persons_of(keys).values()) - {""})


NAME = "Ivanov^P\u00e9tr"


@pytest.mark.parametrize(
    ("keys", "persons"),
    [
        ((key("1"), key("2")), 2),
        ((key("1", "a"), key("1", "b")), 1),  # a name that was mended
        ((key("1", "a"), key("", "a")), 1),
        ((key("1", "a"), key("", "b")), 2),
        ((key("1", "a"), key()), 1),
        ((key("", "a"), key("", "b")), 2),
        ((key("1 "), key(" 1")), 1),
        ((key("", "Ivanov^Petr"), key("", "IVANOV^PETR ")), 1),
        ((key(), key()), 0),
    ],
)
def test_who_is_who(keys: tuple[str, ...], persons: int) -> None:
    assert count(*keys) == persons


def test_one_name_in_several_character_sets_is_one_person() -> None:
    latin = key("", NAME, "latin-1", "ISO_IR 100")
    unicode = key("", NAME, "utf-8", "ISO_IR 192")
    cyrillic = key("", "Иванов^Пётр", "iso8859-5", "ISO_IR 144"), key("", "Иванов^Пётр", "utf-8", "ISO_IR 192")
    assert count(latin, unicode) == 1
    assert count(*cyrillic) == 1
    assert count(latin, *cyrillic) == 2


@given(st.binary(max_size=40), st.binary(max_size=40), st.lists(st.text(max_size=12), max_size=3))
def test_any_bytes_and_any_character_set_give_a_key(patient: bytes, name: bytes, sets: list[str]) -> None:
    assert person_key(patient, name, tuple(sets), SALT) == person_key(patient, name, tuple(sets), SALT)


def test_a_key_repeats_nothing_and_means_nothing_elsewhere() -> None:
    told = person_key(b"ID-42", b"Zebulon^Ada", (), SALT)
    assert "Zebulon" not in told
    assert told != person_key(b"ID-42", b"Zebulon^Ada", (), b"pepper")

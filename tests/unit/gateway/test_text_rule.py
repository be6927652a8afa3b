"""The rule for names: two accepted names that differ look different."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.text_rule import MAX_NAME_LENGTH, why_refused


@pytest.mark.parametrize("name", ["alpha", "St. Anna", "Больница № 1", "東京", "מרכז", "José", "x" * MAX_NAME_LENGTH])
def test_names_of_any_script_are_accepted(name: str) -> None:
    assert why_refused(name) is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "0 characters"),
        ("x" * (MAX_NAME_LENGTH + 1), "201 characters"),
        (" alpha", "space"),
        ("alpha ", "space"),
        ("alpha\u200b", "U+200B"),
        ("al\u2060pha", "U+2060"),
        ("alpha\ufeff", "U+FEFF"),
        ("\u202ealpha", "U+202E"),
        ("alpha\u00a0", "U+00A0"),
        ("al\u00adpha", "U+00AD"),
        ("al\u034fpha", "U+034F"),
        ("alpha\ufe0f", "U+FE0F"),
        ("alpha\u3164", "U+3164"),
        ("alpha\x00", "U+0000"),
        ("alpha\n", "U+000A"),
        ("alpha\ud800", "U+D800"),
        ("alpha\U000e0041", "U+E0041"),
        ("Jose\u0301", "NFC"),
    ],
)
def test_what_cannot_be_seen_is_refused(name: str, reason: str) -> None:
    assert reason in (why_refused(name) or "")


@given(st.text())
def test_an_accepted_name_is_visible_and_normal(name: str) -> None:
    if why_refused(name) is None:
        assert name.isprintable()
        assert name.strip() == name == unicodedata.normalize("NFC", name)
        assert name.encode().decode() == name
        assert not any(unicodedata.category(letter).startswith("C") for letter in name)

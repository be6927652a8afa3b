"""Patterns against a slow twin, and against those that make a backtracking matcher hang."""

from hypothesis import example, given
from hypothesis import strategies as st

from gateway.pacs.routing.patterns import fits

LETTERS = st.text("abAB*?.[]!^-\\ ", max_size=8)


def slow_fits(pattern: str, value: str) -> bool:
    """The definition, letter by letter."""
    if not pattern:
        return not value
    if pattern[0] == "*":
        return any(slow_fits(pattern[1:], value[start:]) for start in range(len(value) + 1))
    same = bool(value) and pattern[0] in ("?", value[0])
    return same and slow_fits(pattern[1:], value[1:])


@given(LETTERS, LETTERS)
@example("[ab]", "a")
@example("[!a]", "b")
@example("a.c", "abc")
def test_a_pattern_fits_as_it_is_defined(pattern: str, value: str) -> None:
    assert fits(pattern, value) == slow_fits(pattern.lower(), value.strip().lower())


@given(st.text(max_size=30))
def test_a_text_fits_itself_and_the_star_fits_everything(text: str) -> None:
    assert fits("*", text)
    assert fits(text.strip(), text) or "\0" in text


def test_letters_of_either_case_and_form_are_the_same() -> None:
    assert fits("ГРУДНАЯ*", "грудная клетка")
    assert fits("йод", "\u0418\u0306\u043e\u0434")  # the same letter, in one character and in two
    assert fits("THORAX", " Thorax ")


def test_a_pattern_of_ten_thousand_stars_does_not_hang() -> None:
    value = "a" * 10_000
    assert fits("*" * 10_000, value)
    assert not fits("*" * 10_000 + "b", value)
    assert not fits("*a" * 5_000 + "b", value)
    assert fits("?*" * 5_000, value)
    assert not fits("*" + "a" * 100 + "b", value)

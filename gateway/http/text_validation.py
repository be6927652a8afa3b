"""Texts that people send: bounded, and without characters that a database or a page would choke on."""

from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints

LONGEST_LINE: Final = 200
LONGEST_COMMENT: Final = 2000


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("one line of printable text")
    return text


def _some_lines(text: str) -> str:
    """PostgreSQL takes no NUL; marks that turn text around (U+202E) would show another text than was written."""
    if not all(letter.isprintable() or letter in "\n\t" for letter in text):
        raise ValueError("printable text, and line ends")
    return text


Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_LINE), AfterValidator(_one_line)
]
Comment = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=LONGEST_COMMENT), AfterValidator(_some_lines)
]

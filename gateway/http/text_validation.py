"""Validation of text from users: length, and no control or direction characters."""

from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints

MAX_LINE_LENGTH: Final = 200
MAX_TEXT_LENGTH: Final = 2000


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be one line of printable characters")
    return text


def _some_lines(text: str) -> str:
    """PostgreSQL accepts no NUL; direction marks (U+202E) would make text appear different from what was written."""
    if not all(letter.isprintable() or letter in "\n\t" for letter in text):
        raise ValueError("must be printable characters, tabs and line breaks")
    return text


LineText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_LINE_LENGTH), AfterValidator(_one_line)
]
MultilineText = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=MAX_TEXT_LENGTH), AfterValidator(_some_lines)
]

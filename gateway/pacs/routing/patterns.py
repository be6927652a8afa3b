"""Patterns of rules: `*` is any text, `?` one character; letters of either case are the same.

A pattern fits a whole value. It becomes a regular expression of atomic groups (`fnmatch.translate`), which never goes
back to a star that has been passed: the time is at most pattern times value.
"""

import fnmatch
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Final

LITERAL_BRACKET: Final = "[[]"  # `fnmatch` would read [ab] as one of two characters


def fits(pattern: str, value: str) -> bool:
    """Whether the pattern is the value; spaces around a value have no meaning in DICOM (PS3.5 6.2)."""
    return _compiled(pattern)(_canonical(value.strip())) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Callable[[str], re.Match[str] | None]:
    translated = fnmatch.translate(_canonical(pattern).replace("[", LITERAL_BRACKET))
    return re.compile(translated, re.IGNORECASE).match


def _canonical(text: str) -> str:
    """The form in which equal texts are equal: a letter with its mark is one character (NFC)."""
    return unicodedata.normalize("NFC", text)

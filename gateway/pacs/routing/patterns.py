"""Patterns of rules: `*` is any text, `?` one character; letters of either case are the same.

A pattern fits a whole value.
"""

import unicodedata

from gateway.pacs.wildcards import whole_match


def fits(pattern: str, value: str) -> bool:
    """Whether the pattern is the value; spaces around a value have no meaning in DICOM (PS3.5 6.2)."""
    return whole_match(_canonical(pattern), any_case=True)(_canonical(value.strip())) is not None


def _canonical(text: str) -> str:
    """The form in which equal texts are equal: a letter with its mark is one character (NFC)."""
    return unicodedata.normalize("NFC", text)

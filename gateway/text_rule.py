"""The rule for names that decide or show who somebody is: of institutions, principals and API tokens.

Such names are compared, never cleaned: two that look the same must be the same, so whatever cannot be seen is refused.
"""

import unicodedata
from typing import Final

MAX_NAME_LENGTH: Final = 200

# Characters that are displayed as nothing (Unicode 15.1, Default_Ignorable_Code_Point) or as a blank, and that
# `str.isprintable` accepts: joiners, fillers and variation selectors. It refuses controls, formats (zero-width and
# bidirectional ones too), surrogates, unassigned ones, and every space but U+0020.
INVISIBLE: Final = frozenset(
    chr(code)
    for first, last in (
        (0x034F, 0x034F),
        (0x115F, 0x1160),
        (0x17B4, 0x17B5),
        (0x180B, 0x180F),
        (0x2800, 0x2800),
        (0x3164, 0x3164),
        (0xFE00, 0xFE0F),
        (0xFFA0, 0xFFA0),
        (0xE0100, 0xE01EF),
    )
    for code in range(first, last + 1)
)


def is_visible(letter: str) -> bool:
    """Whether the character is displayed as something, U+0020 included."""
    return letter.isprintable() and letter not in INVISIBLE


def why_refused(text: str, max_length: int = MAX_NAME_LENGTH) -> str | None:
    """What is wrong with a name, as the end of a sentence; None for a good one."""
    if not 1 <= len(text) <= max_length:
        return f"has {len(text)} characters instead of 1 to {max_length}"
    for letter in text:
        if not is_visible(letter):
            return f"holds U+{ord(letter):04X}, which cannot be seen"
    if text != text.strip(" "):
        return "begins or ends with a space"
    if not unicodedata.is_normalized("NFC", text):
        return "is not in the Unicode normal form NFC"
    return None


def checked_name(text: str) -> str:
    """The same text; raises ValueError."""
    if reason := why_refused(text):
        raise ValueError(f"the name {reason}")
    return text

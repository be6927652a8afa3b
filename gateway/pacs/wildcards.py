"""Wildcards of rules and searches: `*` is any text, `?` one character (PS3.4 C.2.2.2.4).

A pattern becomes a regular expression of atomic groups (`fnmatch.translate`), which never goes back to a star that has
been passed: the time is at most pattern times value. `.*` for each star would take years for twenty of them.
"""

import fnmatch
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

LITERAL_BRACKET: Final = "[[]"  # `fnmatch` would read [ab] as one of two characters


@lru_cache(maxsize=1024)
def whole_match(pattern: str, *, any_case: bool) -> Callable[[str], re.Match[str] | None]:
    """A function that matches a whole text, and gives None for one that is not the pattern."""
    translated = fnmatch.translate(pattern.replace("[", LITERAL_BRACKET))
    return re.compile(translated, re.IGNORECASE if any_case else 0).match

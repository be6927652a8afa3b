"""One object for each tag: pydicom compares two that are equal in Python code, at every look into a data set."""

from functools import lru_cache

from pydicom.tag import BaseTag


@lru_cache(maxsize=4096)  # more than a file of many private elements has
def shared_tag(number: int) -> BaseTag:
    """The tag of this number."""
    return BaseTag(number)

"""pydicom kept quiet: it warns and logs with values of elements in the message, and those name patients."""

import logging
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from pydicom.errors import InvalidDicomError

# What pydicom raises on bytes that are no elements; RecursionError is a sequence nested a thousand deep.
PARSE_ERRORS = (
    InvalidDicomError, struct.error, EOFError, OSError, ValueError, LookupError, AttributeError, TypeError,
    NotImplementedError, RecursionError,
)  # fmt: skip

_LOGGER = logging.getLogger("pydicom")


@contextmanager
def quiet_pydicom() -> Iterator[None]:
    """Mute pydicom's warnings and log inside the block; every value that decides is checked by our own rules."""
    level = _LOGGER.level
    _LOGGER.setLevel(logging.CRITICAL + 1)  # its children, too: they take their level from it
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        _LOGGER.setLevel(level)

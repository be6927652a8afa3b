"""Suppresses pydicom's warnings and log records: they quote element values, which may identify a patient."""

import logging
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from pydicom.errors import InvalidDicomError

# Exceptions of pydicom for bytes that are not valid elements; RecursionError comes from a sequence nested 1000 deep.
PARSE_ERRORS = (
    InvalidDicomError, struct.error, EOFError, OSError, ValueError, LookupError, AttributeError, TypeError,
    NotImplementedError, RecursionError,
)  # fmt: skip

_LOGGER = logging.getLogger("pydicom")


@contextmanager
def suppress_pydicom_warnings() -> Iterator[None]:
    """Suppress pydicom's warnings and log records inside the block; the values that screening uses are checked here."""
    level = _LOGGER.level
    _LOGGER.setLevel(logging.CRITICAL + 1)  # child loggers inherit this level
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        _LOGGER.setLevel(level)

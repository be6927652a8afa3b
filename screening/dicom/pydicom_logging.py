"""Suppresses the warnings and log records of pydicom and highdicom: they quote values, which may identify a patient."""

import logging
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from pydicom.errors import BytesLengthException, InvalidDicomError

# Exceptions of pydicom for bytes that are not valid elements; RecursionError comes from a sequence nested 1000 deep.
PARSE_ERRORS = (
    InvalidDicomError, BytesLengthException, struct.error, EOFError, OSError, ValueError, LookupError, AttributeError,
    TypeError, NotImplementedError, RecursionError,
)  # fmt: skip

_LOGGERS = (logging.getLogger("pydicom"), logging.getLogger("highdicom"))


@contextmanager
def suppress_pydicom_warnings() -> Iterator[None]:
    """Suppress their warnings and log records inside the block; the values that are used are checked here."""
    levels = [logger.level for logger in _LOGGERS]
    for logger in _LOGGERS:
        logger.setLevel(logging.CRITICAL + 1)  # child loggers inherit this level
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(_LOGGERS, levels, strict=True):
            logger.setLevel(level)

"""Suppresses the warnings and log records of pydicom and highdicom: they quote values, which may identify a patient."""

import logging
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from pydicom.errors import BytesLengthException, InvalidDicomError

# Exceptions of pydicom for bytes that are not valid elements; RecursionError comes from a sequence nested 1000 deep.
PARSE_ERRORS = (
    InvalidDicomError, BytesLengthException, struct.error, EOFError, OSError, ValueError, LookupError, AttributeError,
    TypeError, NotImplementedError, RecursionError,
)  # fmt: skip

_LOGGERS = (logging.getLogger("pydicom"), logging.getLogger("highdicom"))


@contextmanager
def suppress_pydicom_warnings() -> Iterator[None]:
    """Suppress their warnings and log records inside the block; the values that are used are checked here.

    Levels and filters are those of the process: the first block of all its threads sets them, the last one restores
    them. Within a block another one costs nothing.
    """
    _suppression.begin()
    try:
        yield
    finally:
        _suppression.end()


@dataclass
class _Suppression:
    blocks: int = 0
    levels: list[int] = field(default_factory=list)
    filters: "warnings.catch_warnings[None] | None" = None
    lock: Lock = field(default_factory=Lock)

    def begin(self) -> None:
        with self.lock:
            self.blocks += 1
            if self.blocks > 1:
                return
            self.levels = [logger.level for logger in _LOGGERS]
            for logger in _LOGGERS:
                logger.setLevel(logging.CRITICAL + 1)  # child loggers inherit this level
            self.filters = warnings.catch_warnings()
            self.filters.__enter__()
            warnings.simplefilter("ignore")

    def end(self) -> None:
        with self.lock:
            self.blocks -= 1
            if self.blocks or self.filters is None:
                return
            self.filters.__exit__(None, None, None)
            for logger, level in zip(_LOGGERS, self.levels, strict=True):
                logger.setLevel(level)


_suppression = _Suppression()

"""pydicom kept quiet: it warns and logs with values of elements in the message, and those name patients."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

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

"""pydicom kept quiet: it warns and logs with values of elements in the message, and those name patients."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_LOGGER = logging.getLogger("pydicom")


@contextmanager
def quiet_pydicom() -> Iterator[None]:
    """Mute pydicom's warnings and log inside the block; every value that decides is checked by our own rules."""
    muted = _LOGGER.disabled
    _LOGGER.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        _LOGGER.disabled = muted

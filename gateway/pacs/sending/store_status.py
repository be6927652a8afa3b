"""What an archive's status of an object means for us (PS3.4 B.2.3, PS3.7 C), and what is done with the object.

STOW-RS gives the same numbers as reasons of failures and warnings (PS3.18 I.2.2), so one table serves both.
"""

from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType
from typing import Final

from gateway.pacs.sending.faults import FaultCode


class Answer(Enum):
    """What is done: nothing more, another try, or nothing more because the archive never takes it."""

    STORED = auto()
    LATER = auto()
    REFUSED = auto()


Meaning = tuple[Answer, FaultCode | None]

_STORED: Final[Meaning] = (Answer.STORED, None)
_REFUSED: Final[Meaning] = (Answer.REFUSED, FaultCode.REFUSED)
STATUSES: Final[Mapping[int, Meaning]] = MappingProxyType(
    {
        0x0000: _STORED,
        0x0001: _STORED,  # requested optional attributes are not supported
        0x0107: _STORED,  # attribute list error, a warning
        0x0111: _STORED,  # duplicate SOP instance: an earlier attempt stored it, and only its answer was lost
        0x0116: _STORED,  # attribute value out of range, a warning
        0x0110: (Answer.LATER, FaultCode.ARCHIVE_ERROR),  # processing failure
        0x0117: _REFUSED,  # invalid object instance
        0x0119: _REFUSED,  # class-instance conflict
        0x0122: (Answer.REFUSED, FaultCode.NO_PRESENTATION_CONTEXT),  # SOP class not supported
        0x0124: _REFUSED,  # not authorized
        0x0210: (Answer.LATER, FaultCode.ARCHIVE_ERROR),  # duplicate invocation
        0x0211: _REFUSED,  # unrecognized operation
        0x0212: _REFUSED,  # mistyped argument
        0x0213: (Answer.LATER, FaultCode.OUT_OF_RESOURCES),  # resource limitation
    }
)
RANGES: Final[tuple[tuple[range, Meaning], ...]] = (
    (range(0xA700, 0xA800), (Answer.LATER, FaultCode.OUT_OF_RESOURCES)),
    (range(0xA900, 0xAA00), _REFUSED),  # data set does not match SOP class
    (range(0xB000, 0xC000), _STORED),  # warnings: coerced or discarded elements
    (range(0xC000, 0xD000), _REFUSED),  # cannot understand
)
UNKNOWN: Final[Meaning] = (Answer.LATER, FaultCode.ARCHIVE_ERROR)


def meaning_of(status: int) -> Meaning:
    """What this status means; of one that the standard does not have: a failure that may pass."""
    if status in STATUSES:
        return STATUSES[status]
    return next((meaning for numbers, meaning in RANGES if status in numbers), UNKNOWN)

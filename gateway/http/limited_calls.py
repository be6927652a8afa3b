"""Calls with a rate limit."""

from enum import Enum, auto


class Limited(Enum):
    """Calls that a principal may make so often in a time."""

    UPLOAD = auto()
    LIST = auto()  # and other reads that write an audit event each time

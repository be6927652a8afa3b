"""The limit of open files: each connection, file and pipe of this process takes one descriptor."""

import resource
from typing import Final

import structlog

ENOUGH: Final = 65_536  # a hard limit may be 2**30, and some children close every descriptor up to it one by one

log = structlog.get_logger(__name__)


def raise_open_file_limit() -> int:
    """Raise the soft limit to the hard one, at most to `ENOUGH`; returns the limit that holds from now on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return ENOUGH if soft == resource.RLIM_INFINITY else soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    log.info("open file limit raised", before=soft, now=wanted)
    return wanted

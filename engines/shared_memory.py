"""Shared memory of servers whose owner and guard were both killed: slices may still be in it.

A segment is named turnstile-<pid of the owner>-<number of the server>-... (`triton_server`). A guard that lives removes
the segments of its own server (`parent_death_guard`).
"""

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from engines.parent_death_guard import SHARED_MEMORY

_NAME: Final = re.compile(r"turnstile-(\d+)-\d+-")


def delete_abandoned_segments(folder: Path = SHARED_MEMORY) -> int:
    """Delete the segments of this user whose owner has ended; returns their number."""
    return sum(_delete_if_abandoned(segment) for segment in folder.glob("turnstile-*"))


def _delete_if_abandoned(segment: Path) -> bool:
    found = _NAME.match(segment.name)
    with suppress(OSError):  # deleted meanwhile
        status = segment.lstat()
        if found and status.st_uid == os.geteuid() and not _is_owned(int(found[1]), status.st_mtime):
            segment.unlink()
            return True
    return False


def _is_owned(pid: int, written_s: float) -> bool:
    """Whether the process lives; one that was started after the segment was written has the pid of one that ended."""
    try:
        return bool(psutil.Process(pid).create_time() <= written_s)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True

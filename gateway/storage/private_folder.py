"""The data folder is for its owner alone: it is made so, and closed at start when it was open to other users."""

import os
import stat
from pathlib import Path

import structlog

from gateway.storage.owner_only import OWNER_ONLY

log = structlog.get_logger(__name__)


def make_private(folder: Path) -> Path:
    """The folder, made when missing, mode 0700, and everything in it without access for other users.

    A folder of another user is left as it is, as a mounted volume whose root belongs to root; the log says so. Files
    that are written later get their mode from the umask of the process.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _is_open(folder):
        return folder
    if folder.stat().st_uid != os.geteuid():
        log.warning("the data folder is open to other users, and owned by another one: close it", path=str(folder))
        return folder
    for parent, _, files in os.walk(folder, topdown=False):
        for path in (*(Path(parent, name) for name in files), Path(parent)):
            _close(path)
    log.warning("the data folder was open to other users; it is closed now", path=str(folder))
    return folder


def _is_open(path: Path) -> bool:
    return bool(path.lstat().st_mode & OWNER_ONLY)


def _close(path: Path) -> None:
    """Take all access from other users. The data folder comes last, so a walk that was killed is begun anew."""
    status = path.lstat()
    if status.st_uid == os.geteuid() and status.st_mode & OWNER_ONLY and not stat.S_ISLNK(status.st_mode):
        path.chmod(stat.S_IMODE(status.st_mode) & ~OWNER_ONLY)

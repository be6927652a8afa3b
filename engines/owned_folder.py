"""A folder of one process. It is deleted at the end of the process, or by another process when its owner was killed.

The owner holds a shared flock on the folder itself. The kernel releases the lock of a killed process, so a folder
without a lock is abandoned. systemd-tmpfiles deletes nothing in a folder with such a lock either (tmpfiles.d(5)). The
folder must be on a file system whose flock all its processes see; on one without flock nothing is deleted.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp


@contextmanager
def owned_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """A new folder below `parent`, mode 0700, deleted at the end of the block; raises OSError.

    First it deletes the abandoned folders of this prefix.
    """
    parent.mkdir(parents=True, exist_ok=True)
    delete_abandoned(parent, prefix)
    folder, lock = _locked_folder(parent, prefix)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def delete_abandoned(parent: Path, prefix: str) -> int:
    """Delete the folders of this prefix and of this user that no process owns any more; returns their number."""
    return sum(_delete_if_abandoned(folder) for folder in parent.glob(f"{prefix}*"))


def _locked_folder(parent: Path, prefix: str) -> tuple[Path, int]:
    """The folder and its lock. It gets its name after its lock, so that no other process takes it for abandoned."""
    draft = Path(mkdtemp(prefix=f".{prefix}", dir=parent))
    lock = os.open(draft, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(lock, fcntl.LOCK_SH)
    return draft.rename(parent / draft.name.removeprefix(".")), lock


def _delete_if_abandoned(folder: Path) -> bool:
    with suppress(
        OSError
    ):  # no folder but a link or a file, deleted meanwhile, locked, or of a file system without flock
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            if os.fstat(handle).st_uid != os.geteuid():
                return False
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
            return True
        finally:
            os.close(handle)
    return False

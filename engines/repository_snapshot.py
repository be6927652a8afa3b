"""A server's own copy of the model repository: later changes of the original do not reach the server.

The copy exists while its owner runs. File locks tell whether an owner or another process uses it; the kernel releases
the locks of a killed process, and the next owner deletes the folders of killed ones.
"""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from filelock import FileLock


@dataclass(frozen=True)
class RepositorySnapshot:
    """The owner fills `models`; other processes know the snapshot by `folder`."""

    folder: Path

    @property
    def models(self) -> Path:
        return self.folder / "models"

    @property
    def in_use_by_others(self) -> bool:
        """Whether another process is inside `keep_snapshot`."""
        return not _is_unlocked(_users_lock(self.folder))


@contextmanager
def repository_snapshot(home: Path) -> Iterator[RepositorySnapshot]:
    """A new, empty snapshot below `home`, deleted at the end of the block; raises OSError."""
    parent = home / "served"
    parent.mkdir(parents=True, exist_ok=True)
    with FileLock(parent / ".lock"):  # no other process deletes the folder before it is locked
        _delete_abandoned(parent)
        snapshot = RepositorySnapshot(Path(mkdtemp(prefix="networks-", dir=parent)))
        snapshot.models.mkdir()
        lock = _owner_lock(snapshot.folder).open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield snapshot
    finally:
        shutil.rmtree(snapshot.folder, ignore_errors=True)
        lock.close()


@contextmanager
def keep_snapshot(folder: Path) -> Iterator[None]:
    """Keep the owner's server running until the block ends; raises FileNotFoundError when it is gone."""
    if not _owner_lock(folder).exists():
        raise FileNotFoundError(folder)
    with _users_lock(folder).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


def _owner_lock(folder: Path) -> Path:
    return folder / "owner.lock"


def _users_lock(folder: Path) -> Path:
    return folder / "users.lock"


def _delete_abandoned(parent: Path) -> None:
    for folder in parent.glob("networks-*"):
        if _is_unlocked(_owner_lock(folder)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_unlocked(lock: Path) -> bool:
    """Whether no process has the lock."""
    with suppress(FileNotFoundError), lock.open("r") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True

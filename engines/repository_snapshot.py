"""A server's own copy of the model repository: later changes of the original do not reach the server.

The copy exists while its owner runs (`owned_folder`). A second lock tells whether another process uses it.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from engines.owned_folder import owned_folder


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
    with owned_folder(home / "served", "networks-") as folder:
        snapshot = RepositorySnapshot(folder)
        snapshot.models.mkdir()
        yield snapshot


@contextmanager
def keep_snapshot(folder: Path) -> Iterator[None]:
    """Keep the owner's server running until the block ends; raises FileNotFoundError when it is gone."""
    with _users_lock(folder).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


def _users_lock(folder: Path) -> Path:
    return folder / "users.lock"


def _is_unlocked(lock: Path) -> bool:
    """Whether no process has the lock."""
    with suppress(FileNotFoundError), lock.open("r") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True

"""A folder of a server's own for what it serves: what happens to the original meanwhile changes nothing.

It stays while it is held: by its owner, and by other processes that use the owner's server. The kernel keeps the locks,
so whoever dies lets go too, and what a dead owner left is swept away by the next one.
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
class Holding:
    """`models` is for the owner to fill; `folder` names the holding to others."""

    folder: Path

    @property
    def models(self) -> Path:
        return self.folder / "models"

    @property
    def used_by_others(self) -> bool:
        """Whether another process is inside `used`."""
        return not _free(_users(self.folder))


@contextmanager
def held(home: Path) -> Iterator[Holding]:
    """A new folder below `home`, removed at the end; raises OSError."""
    parent = home / "served"
    parent.mkdir(parents=True, exist_ok=True)
    with FileLock(parent / ".lock"):  # nobody sweeps between making and holding
        _sweep(parent)
        holding = Holding(Path(mkdtemp(prefix="networks-", dir=parent)))
        holding.models.mkdir()
        hold = _owner(holding.folder).open("w")
        fcntl.flock(hold, fcntl.LOCK_EX)
    try:
        yield holding
    finally:
        shutil.rmtree(holding.folder, ignore_errors=True)
        hold.close()


@contextmanager
def used(folder: Path) -> Iterator[None]:
    """Keep the owner's server until the block ends; raises FileNotFoundError when it is gone."""
    if not _owner(folder).exists():
        raise FileNotFoundError(folder)
    with _users(folder).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


def _owner(folder: Path) -> Path:
    return folder / "owner.lock"


def _users(folder: Path) -> Path:
    return folder / "users.lock"


def _sweep(parent: Path) -> None:
    for folder in parent.glob("networks-*"):
        if _free(_owner(folder)):
            shutil.rmtree(folder, ignore_errors=True)


def _free(lock: Path) -> bool:
    """Whether nobody holds the lock."""
    with suppress(FileNotFoundError), lock.open("r") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True

"""The reserve of free disk: uploads leave it to PostgreSQL, to deletions, and to what is processed already.

A full disk stops PostgreSQL, and with it lists, deletions and every other call that is recorded in the audit log. So
uploads are refused before that, and each looks again while it is received.
"""

import errno
import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.errors import StorageFull
from screening.intake.free_space import CHECK_EVERY_BYTES, missing_bytes

FULL_OR_READ_ONLY: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
STORAGE_FULL: Final = "the storage is full or read-only; ask the operator to free space"


@dataclass(frozen=True)
class DiskReserve:
    """Keeps `reserve_bytes`, or 5 % where that is less, free on the disk of each of the folders, which have a name."""

    folders: Mapping[str, Path] = field(default_factory=dict)
    reserve_bytes: int = 0

    def low(self) -> tuple[str, ...]:
        """The names of the folders whose disk has less free than the reserve."""
        return tuple(name for name, folder in self.folders.items() if missing_bytes(folder, self.reserve_bytes) > 0)

    def free_bytes(self, name: str) -> int:
        """Bytes that are free on the disk of the folder of this name."""
        return shutil.disk_usage(self.folders[name]).free

    def check(self) -> None:
        """Raise StorageFull when less than the reserve is free."""
        if low := self.low():
            raise StorageFull(
                f"less space is free than the service keeps ({', '.join(low)}): uploads are refused until the operator "
                "has freed some; nothing of this upload was stored"
            )

    async def guarded(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same chunks; raises StorageFull before the first one, or later, when too little is free."""
        self.check()
        unchecked = 0
        async for chunk in chunks:
            unchecked += len(chunk)
            if unchecked >= CHECK_EVERY_BYTES:
                self.check()
                unchecked = 0
            yield chunk


def is_full_or_read_only(error: BaseException) -> bool:
    """Whether the kernel refused to write: a disk or a quota of it is full, or the file system is read-only."""
    return isinstance(error, OSError) and error.errno in FULL_OR_READ_ONLY

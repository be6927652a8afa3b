"""Free space of a disk: what is unpacked leaves some of it to the other programs there."""

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

RESERVED_SHARE: Final = 0.05  # of a small disk, a memory disk for example, where a fixed reserve would be all of it
CHECK_EVERY_BYTES: Final = 16 * 2**20


def missing_bytes(folder: Path, reserve_bytes: int) -> int:
    """Bytes that the folder's disk lacks until `reserve_bytes`, or 5 % where that is less, are free; 0 or less then."""
    disk = shutil.disk_usage(folder)
    return min(reserve_bytes, int(disk.total * RESERVED_SHARE)) - disk.free


def leaving_free(chunks: Iterator[bytes], folder: Path, reserve_bytes: int) -> Iterator[bytes]:
    """The same chunks, to be written to `folder`; raises OSError (ENOSPC) when the reserve is reached."""
    unchecked = CHECK_EVERY_BYTES
    for chunk in chunks:
        unchecked += len(chunk)
        if unchecked >= CHECK_EVERY_BYTES:
            if missing_bytes(folder, reserve_bytes) > 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            unchecked = 0
        yield chunk

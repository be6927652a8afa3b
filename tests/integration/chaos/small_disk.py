"""A file system of its own for the service's data: small, so that tests can fill it, and it can become read-only."""

import errno
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

BYTES: Final = 192 << 20
MIB: Final = 1 << 20


def can_mount(scratch: Path) -> bool:
    """Whether this process may mount file systems on `scratch`: root, unless the container forbids it."""
    if os.geteuid() or not shutil.which("mount") or _mount("-t", "tmpfs", "tmpfs", str(scratch)):
        return False
    _unmount(scratch)
    return True


@dataclass(frozen=True)
class SmallDisk:
    """The file system of `BYTES`, seen at `folder`; `behind` is the same one, and stays writable."""

    folder: Path
    behind: Path

    @contextmanager
    def full(self) -> Iterator[None]:
        """Fill it up for the block."""
        filler = self.behind / "filler"
        with filler.open("wb", buffering=0) as file:
            size = MIB
            while size:
                try:
                    file.write(bytes(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    size //= 2
        try:
            yield
        finally:
            filler.unlink()

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Let nothing be written through `folder` for the block; the kernel refuses while a file is written."""
        while _mount("-o", "remount,bind,ro", str(self.folder)):
            time.sleep(0.01)
        try:
            yield
        finally:
            _mount("-o", "remount,bind,rw", str(self.folder))


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    """Mounted for the block."""
    disk = SmallDisk(folder / "data", folder / "behind")
    for one in (disk.folder, disk.behind):
        one.mkdir(mode=0o755)
    mounted = [
        _mount("-t", "tmpfs", "-o", f"size={BYTES},mode=0755", "tmpfs", str(disk.behind)),
        _mount("--bind", str(disk.behind), str(disk.folder)),
    ]
    try:
        assert not any(mounted), "the file system of the test could not be mounted"
        yield disk
    finally:
        for one in (disk.folder, disk.behind):
            _unmount(one)


def _mount(*arguments: str) -> int:
    return subprocess.run([shutil.which("mount") or "mount", *arguments], check=False, capture_output=True).returncode


def _unmount(folder: Path) -> None:
    subprocess.run([shutil.which("umount") or "umount", "--lazy", str(folder)], check=False, capture_output=True)

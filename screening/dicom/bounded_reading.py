"""How often pydicom may read from the headers of an upload, so that a small file cannot hold a worker for long.

pydicom reads one to three times for each element and three to five times for each item of a sequence, whatever its
encoding, length or depth: 2 to 10 µs a read. An upload may have reads in proportion to the bytes that were sent, so
what is sent decides what reading may cost. A CT slice takes 200 to 400 reads, a frame of an Enhanced CT 150.
"""

import io
from types import SimpleNamespace
from typing import Any, Final

from screening.errors import HeaderOverBudget, OverBudget

READS: Final = 200_000  # free of charge: about 1 s
FRAME: Final = 50  # reads that a frame is charged with: the time of looking up its elements
BYTES_PER_READ: Final = 25  # a lossy slice of 20 KB then has twice the reads that its header takes


class HeaderReads:
    """The reads that are left to the headers of one upload of `sent_bytes`."""

    def __init__(self, sent_bytes: int) -> None:
        self._left = self._left_to_file = allowed(sent_bytes)

    def begin_file(self, size: int) -> None:
        """Begin the header of a file of `size` bytes: it may take what its own size allows."""
        self._left_to_file = min(self._left, allowed(size))
        self.check()

    def reader(self, data: bytes) -> Any:
        """A file for pydicom that holds `data`.

        Its `read` raises HeaderOverBudget when this file has too many elements, OverBudget when all have.
        """
        file = io.BytesIO(data)
        read_bytes = file.read

        def read(length: int = -1) -> bytes:
            self.spend(1)
            return read_bytes(length)

        return SimpleNamespace(read=read, seek=file.seek, tell=file.tell)

    @property
    def left_to_file(self) -> int:
        """The reads that the file has left; below 0 when it has too many elements."""
        return self._left_to_file

    def spend(self, reads: int) -> None:
        """Take these from what is left; raises as `check` does."""
        self._left_to_file -= reads
        self._left -= reads
        if self._left_to_file < 0:
            self.check()

    def check(self) -> None:
        """Raise what `read` raises when none are left: pydicom turns it into another exception within a sequence."""
        if self._left < 0:
            raise OverBudget("The headers of the upload hold more elements than one upload of its size may.")
        if self._left_to_file < 0:
            raise HeaderOverBudget("A DICOM file has a header of more elements than a file of its size may.")


def allowed(size: int) -> int:
    """The reads that `size` bytes allow."""
    return READS + size // BYTES_PER_READ

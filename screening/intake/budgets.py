"""Limits on one upload, and the running totals that are checked against them."""

from dataclasses import dataclass, field

from screening.errors import OverBudget

MIB = 1024**2
GIB = 1024**3

# Deflate compresses a constant slice of 512 x 512 (0.5 MiB of air) about 1000 to 1, so members below this size are not
# checked for their ratio.
RATIO_FREE_BYTES = 8 * MIB

# A tar may say anything of a file in records, 2.5 µs each to read; programs write up to ten (POSIX.1-2017 pax).
RECORDS_PER_MEMBER = 16


@dataclass(frozen=True)
class Budgets:
    """Limits on an upload, checked first against the declared sizes, then against the bytes that are read.

    `members`: number of files; `total_bytes` and `member_bytes`: unpacked size; `compression_ratio`: unpacked / packed;
    `declared_pixel_bytes`: rows x columns x frames x samples x bits / 8 of one file; `nesting`: depth of inner zips;
    `reserved_bytes`: what stays free on the disk that files are unpacked to;
    `follow_links`: whether symbolic links in a folder are followed, which only a local user may want.
    """

    members: int = 20_000
    total_bytes: int = 8 * GIB
    member_bytes: int = 2 * GIB
    compression_ratio: float = 200.0
    declared_pixel_bytes: int = 2 * GIB
    nesting: int = 1
    follow_links: bool = False
    reserved_bytes: int = GIB

    def __post_init__(self) -> None:
        limits = (self.members, self.total_bytes, self.member_bytes, self.compression_ratio, self.declared_pixel_bytes)
        if min(limits) <= 0 or self.nesting < 0:
            raise ValueError("budgets must be positive")

    def unpacked_limit(self, packed: int) -> int:
        """The unpacked bytes that are allowed for `packed` bytes."""
        return int(min(self.member_bytes, max(RATIO_FREE_BYTES, packed * self.compression_ratio)))

    def check_pixels(self, rows: int, columns: int, frames: int, samples: int, bits: int) -> None:
        """Raise OverBudget when a header declares more than `declared_pixel_bytes`; called before a decoder runs."""
        if rows * columns * frames * samples * bits > 8 * self.declared_pixel_bytes:
            size = f"{rows} x {columns} pixels in {frames} frame(s)"
            raise OverBudget(f"The header declares {size}, more than {self.declared_pixel_bytes} bytes.")


@dataclass
class UploadTotals:
    """Running totals of one upload, summed over all its archives."""

    budgets: Budgets
    members: int = field(default=0, init=False)
    unpacked: int = field(default=0, init=False)
    packed: int = field(default=0, init=False)
    records: int = field(default=0, init=False)

    def add(self, size: int, packed: int) -> None:
        """Add one member of these declared sizes in bytes; raises OverBudget when a limit is exceeded."""
        self.members += 1
        self.unpacked += size
        self.packed += packed
        self._check(self.members > self.budgets.members, f"more than {self.budgets.members} files")
        self._check(size > self.budgets.member_bytes, f"a file of more than {self.budgets.member_bytes} bytes")
        self._check(self.unpacked > self.budgets.total_bytes, f"more than {self.budgets.total_bytes} bytes")
        ratio = f"data packed more than {self.budgets.compression_ratio:g} to 1"
        self._check(size > self.budgets.unpacked_limit(packed), ratio)
        self._check(self.unpacked > max(RATIO_FREE_BYTES, self.packed * self.budgets.compression_ratio), ratio)

    def add_records(self, records: int) -> None:
        """Add what an archive says of its files; raises OverBudget when it is more than many files need."""
        self.records += records
        limit = self.budgets.members * RECORDS_PER_MEMBER
        self._check(self.records > limit, f"an archive with more than {limit} records about its files")

    def _check(self, exceeded: bool, excess: str) -> None:
        if exceeded:
            raise OverBudget(f"The upload holds {excess}.")

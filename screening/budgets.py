"""What one upload may cost, and the ledger that is kept while it is read."""

from dataclasses import dataclass, field

from screening.errors import OverBudget

MIB = 1024**2
GIB = 1024**3

# Deflate packs a constant slice of 512 x 512 (0.5 MiB of air) about 1000 to 1: a ratio says nothing of small members.
RATIO_FREE_BYTES = 8 * MIB


@dataclass(frozen=True)
class Budgets:
    """Limits on an upload; each is checked on what headers declare before, and on the bytes while they are read.

    `members` files, `total_bytes` and `member_bytes` when unpacked, `compression_ratio` unpacked to packed,
    `declared_pixel_bytes` of one file (rows x columns x frames x samples x bits / 8), `nesting` archives in archives.
    """

    members: int = 20_000
    total_bytes: int = 8 * GIB
    member_bytes: int = 2 * GIB
    compression_ratio: float = 200.0
    declared_pixel_bytes: int = 2 * GIB
    nesting: int = 1

    def __post_init__(self) -> None:
        limits = (self.members, self.total_bytes, self.member_bytes, self.compression_ratio, self.declared_pixel_bytes)
        if min(limits) <= 0 or self.nesting < 0:
            raise ValueError("budgets must be positive")

    def unpacked_limit(self, packed: int) -> int:
        """Bytes that `packed` bytes may become."""
        return int(min(self.member_bytes, max(RATIO_FREE_BYTES, packed * self.compression_ratio)))

    def check_pixels(self, rows: int, columns: int, frames: int, samples: int, bits: int) -> None:
        """Raise OverBudget before a decoder is asked for more than `declared_pixel_bytes`."""
        if rows * columns * frames * samples * bits > 8 * self.declared_pixel_bytes:
            promised = f"{rows} x {columns} pixels in {frames} frame(s)"
            raise OverBudget(f"The header promises {promised}, more than {self.declared_pixel_bytes} bytes.")


@dataclass
class Ledger:
    """Running totals of one upload, over all its archives."""

    budgets: Budgets
    members: int = field(default=0, init=False)
    unpacked: int = field(default=0, init=False)
    packed: int = field(default=0, init=False)

    def admit(self, size: int, packed: int) -> None:
        """Book one member by its declared sizes; raise OverBudget when a limit is passed."""
        self.members += 1
        self.unpacked += size
        self.packed += packed
        self._check(self.members > self.budgets.members, f"more than {self.budgets.members} files")
        self._check(size > self.budgets.member_bytes, f"a file of more than {self.budgets.member_bytes} bytes")
        self._check(self.unpacked > self.budgets.total_bytes, f"more than {self.budgets.total_bytes} bytes")
        ratio = f"data packed more than {self.budgets.compression_ratio:g} to 1"
        self._check(size > self.budgets.unpacked_limit(packed), ratio)
        self._check(self.unpacked > max(RATIO_FREE_BYTES, self.packed * self.budgets.compression_ratio), ratio)

    def _check(self, over: bool, words: str) -> None:
        if over:
            raise OverBudget(f"The upload holds {words}.")

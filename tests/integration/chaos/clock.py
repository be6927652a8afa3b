"""The wall clock of the gateway and its worker, which a test moves (`with_moved_clock` runs them)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.integration.chaos.with_moved_clock import OFFSET_FILE


@dataclass(frozen=True)
class MovedClock:
    """A clock that is as many hours off as the file says."""

    file: Path

    @property
    def environ(self) -> Mapping[str, str]:
        """Variables of a process that is to have this clock."""
        return {OFFSET_FILE: str(self.file)}

    def set(self, hours: int) -> None:
        """Move the clock; the file changes at once for its readers."""
        new = self.file.with_suffix(".new")
        new.write_text(str(hours))
        new.replace(self.file)

    @contextmanager
    def off(self, hours: int) -> Iterator[None]:
        """Move the clock for the block, and back."""
        self.set(hours)
        try:
            yield
        finally:
            self.set(0)

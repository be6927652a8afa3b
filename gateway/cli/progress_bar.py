"""The bar of a run over many uploads: how many have ended, how many of them failed, and how it goes."""

from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from gateway.cli.command_context import errors


class Bar:
    """Shown within its block."""

    def __init__(self, verb: str, total: int, done: int = 0) -> None:
        columns = (TextColumn(verb), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        told = TextColumn("{task.fields[failed]} failed"), TextColumn("{task.fields[words]}", markup=False)
        self._progress = Progress(*columns, *told, console=errors)
        self._task = self._progress.add_task("", total=total, completed=done, failed=0, words="")
        self._failed = 0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def done(self, *, failed: bool) -> None:
        """One more has ended."""
        self._failed += failed
        self._progress.update(self._task, advance=1, failed=self._failed)

    def stands_at(self, done: int, total: int) -> None:
        """So many of so many have ended, whoever did it."""
        self._progress.update(self._task, completed=done, total=total)

    def tell(self, words: str) -> None:
        """Say how it goes."""
        self._progress.update(self._task, words=words)

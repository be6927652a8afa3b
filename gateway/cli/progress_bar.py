"""The progress bar of a mass run: uploads that have ended, failures, and a status text."""

from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from gateway.cli.messages import errors


class ProgressBar:
    """Shown while its `with` block runs."""

    def __init__(self, verb: str, total: int, done: int = 0) -> None:
        columns = (TextColumn(verb), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        texts = TextColumn("{task.fields[failed]} failed"), TextColumn("{task.fields[status]}", markup=False)
        self._progress = Progress(*columns, *texts, console=errors)
        self._task = self._progress.add_task("", total=total, completed=done, failed=0, status="")
        self._failed = 0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def done(self, *, failed: bool) -> None:
        """One more upload has ended."""
        self._failed += failed
        self._progress.update(self._task, advance=1, failed=self._failed)

    def set_progress(self, done: int, total: int) -> None:
        """Set how many uploads have ended, of how many."""
        self._progress.update(self._task, completed=done, total=total)

    def set_status(self, text: str) -> None:
        """Show a status text beside the bar."""
        self._progress.update(self._task, status=text)

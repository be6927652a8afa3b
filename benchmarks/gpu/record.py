"""results.json: rewritten after each part, so that nothing that was measured is lost."""

from datetime import datetime
from pathlib import Path
from typing import Literal

from benchmarks.bench.machine import Machine
from benchmarks.bench.results import Frozen
from benchmarks.gpu.device import Device
from benchmarks.gpu.rows import Row

State = Literal["done", "failed", "out of time", "cannot run"]


class Outcome(Frozen):
    """One part with one provider: its rows, and why they are not all there."""

    part: str
    provider: str
    state: State
    reason: str
    seconds: float
    rows: tuple[Row, ...] = ()


class Record(Frozen):
    """A whole run. `studies` are names that say nothing of a patient."""

    began: datetime
    machine: Machine
    device: Device
    command: str
    short: bool
    repository: str
    served: str
    studies: tuple[str, ...]
    outcomes: tuple[Outcome, ...] = ()

    def with_outcome(self, outcome: Outcome) -> "Record":
        return self.model_copy(update={"outcomes": (*self.outcomes, outcome)})

    @property
    def is_complete(self) -> bool:
        return all(outcome.state == "done" for outcome in self.outcomes)

    def rows(self, part: str) -> list[tuple[str, Row]]:
        """The rows of a part, each with the name of its provider."""
        return [(one.provider, row) for one in self.outcomes if one.part == part for row in one.rows]

    def save(self, path: Path) -> None:
        """Write the file atomically."""
        draft = path.with_suffix(".draft")
        draft.write_text(self.model_dump_json(indent=2) + "\n", "utf-8")
        draft.replace(path)

"""What the service has promised to one principal: what must be true at the end, whatever happened meanwhile."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Outcome:
    """What a report says, and the model card of the networks that it is from; none when the file was never read."""

    model_card: str | None
    verdict: str
    probability: float | None
    error: str | None


@dataclass(frozen=True)
class ScreenedFile:
    """A file to upload, and what the service says of it when nothing is wrong, with each of its networks."""

    path: Path
    outcomes: frozenset[Outcome]


@dataclass
class Promises:
    """Written by one thread only; read when it has ended.

    `unsure` are names of patients whose upload or deletion was never answered: they may be there or not.
    """

    institution: str
    accepted: dict[str, ScreenedFile] = field(default_factory=dict)
    analysed: set[str] = field(default_factory=set)
    patients: dict[str, str] = field(default_factory=dict)  # the patient of each accepted scan
    deleted: set[str] = field(default_factory=set)  # names
    names: dict[str, str] = field(default_factory=dict)  # of each patient
    unsure: set[str] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)
    answers: dict[int, int] = field(default_factory=dict)  # how often each status was the answer

    def forget(self, scan: str) -> None:
        """The patient of this scan was deleted, with all that was theirs."""
        self.deleted.add(self.names.pop(self.patients.pop(scan)))
        del self.accepted[scan]
        self.analysed.discard(scan)

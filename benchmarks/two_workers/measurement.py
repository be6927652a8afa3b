"""What a measured run leaves behind, as JSON: the figures that the simulation is fed with, and those it is held to."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from pydantic import TypeAdapter

RESULTS: Final = Path(__file__).resolve().parent.parent / "results"
SUFFIX: Final = "-two-workers.json"
STILL: Final = 0.2  # of a core; the kernel, which writes uploads to the disk, and a shell take up to half of that


@dataclass(frozen=True)
class Alone:
    """Studies of one kind that came one at a time [M]. CPU seconds are a study's, by kind of process."""

    name: str
    slices: int
    upload_bytes: int
    upload_s: tuple[float, ...]
    wait_s: tuple[float, ...]
    run_s: tuple[float, ...]
    upload_cpu_s: dict[str, float]
    analysis_cpu_s: dict[str, float]
    stages_s: dict[str, float]
    """Medians of the stage times that the reports carry."""
    foreign_cores: float
    """Cores that processes of others took meanwhile."""

    @property
    def cpu_s(self) -> float:
        """CPU seconds of one study, from upload to report, the client's included."""
        return sum(self.upload_cpu_s.values()) + sum(self.analysis_cpu_s.values())


@dataclass(frozen=True)
class Run:
    """Studies that came at moments of their own; seconds since the run began, one each study [M], in order of asking.

    `due_s` is when the client was to begin its upload; a burst was uploaded before, and has none.
    """

    name: str
    rate_per_s: float | None
    due_s: tuple[float, ...]
    asked_s: tuple[float, ...]
    started_s: tuple[float, ...]
    finished_s: tuple[float, ...]
    cpu_s: dict[str, float]
    """CPU seconds of one study by kind of process; what these spend when idle is taken off."""
    stages_s: dict[str, float]
    """Medians of the stage times that the reports carry."""
    busy_cores: float
    foreign_cores: float
    """Cores that processes of others took meanwhile."""
    disk_cores: float
    """Cores that stood still because whoever would have used them waited for the disk."""

    @property
    def turnaround_s(self) -> tuple[float, ...]:
        """From asked to report."""
        return tuple(end - start for start, end in zip(self.asked_s, self.finished_s, strict=True))

    @property
    def studies_per_s(self) -> float:
        """Reports a second, from the first question to the last report."""
        return len(self.asked_s) / (max(self.finished_s) - min(self.asked_s))


@dataclass(frozen=True)
class Database:
    """What a study asks of PostgreSQL and the disks, and how long one committed transaction takes here."""

    transactions: float
    audit_events: float
    kept_bytes: float
    """Evidence and rows; the upload itself comes on top."""
    commit_s: float
    """Median of one row's insert with its flush to the disk."""
    audit_s: float
    """Median of one event at the end of the audit's chain, its flush included: what its writers wait for."""


@dataclass(frozen=True)
class Idle:
    """What the cluster does while nothing is asked of it: cores by kind of process, and transactions a second."""

    cores: dict[str, float]
    transactions_per_s: float


@dataclass(frozen=True)
class Record:
    """One measured run of the two workers."""

    date: str
    command: str
    machine: str
    cores: int
    model_card: str
    workers: int
    at_once: int
    decoders: int
    idle: Idle
    database: Database
    alone: tuple[Alone, ...]
    """The first one is the synthetic study, which the runs are made of."""
    runs: tuple[Run, ...]

    @classmethod
    def newest(cls) -> Self:
        """The last one that was saved."""
        return cls.load(max(RESULTS.glob(f"*{SUFFIX}")))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read it; raises pydantic's ValidationError for anything else."""
        return TypeAdapter(cls).validate_json(path.read_bytes())

    def save(self, path: Path) -> None:
        """Write it."""
        path.write_bytes(TypeAdapter(type(self)).dump_json(self, indent=1) + b"\n")

    @property
    def foreign_cores(self) -> float:
        """The most that others took while something was measured; on a still machine next to nothing."""
        return max([one.foreign_cores for one in self.alone] + [run.foreign_cores for run in self.runs])

    @property
    def is_still(self) -> bool:
        """Whether the figures are those of the cluster alone, so that something may be concluded from them."""
        return self.foreign_cores < STILL

    def run(self, name: str) -> Run:
        """The run of this name."""
        return next(run for run in self.runs if run.name == name)

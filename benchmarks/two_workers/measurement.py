"""The record of a measured run, as JSON: the input of the simulation, and the figures it is compared with."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from pydantic import TypeAdapter

RESULTS: Final = Path(__file__).resolve().parent.parent / "results"
SUFFIX: Final = "-two-workers.json"
STILL: Final = 0.2  # of a core; the kernel, which writes uploads to the disk, and a shell take up to half of that


@dataclass(frozen=True)
class Alone:
    """Studies of one kind, sent one at a time [M]. CPU seconds are those of one study, by kind of process."""

    name: str
    slices: int
    upload_bytes: int
    upload_s: tuple[float, ...]
    wait_s: tuple[float, ...]
    run_s: tuple[float, ...]
    upload_cpu_s: dict[str, float]
    analysis_cpu_s: dict[str, float]
    stages_s: dict[str, float]
    """Medians of the stage times in the reports."""
    foreign_cores: float
    """Cores that other programs used meanwhile."""

    @property
    def cpu_s(self) -> float:
        """CPU seconds of one study, from upload to report, the client's included."""
        return sum(self.upload_cpu_s.values()) + sum(self.analysis_cpu_s.values())


@dataclass(frozen=True)
class Run:
    """Studies that arrived at given times; seconds since the run began, one each study [M], in the order of requests.

    `due_s` is when the client was to begin its upload; a burst was uploaded before, and has none.
    """

    name: str
    rate_per_s: float | None
    due_s: tuple[float, ...]
    asked_s: tuple[float, ...]
    started_s: tuple[float, ...]
    finished_s: tuple[float, ...]
    cpu_s: dict[str, float]
    """CPU seconds of one study by kind of process, without their idle load."""
    stages_s: dict[str, float]
    """Medians of the stage times in the reports."""
    busy_cores: float
    foreign_cores: float
    """Cores that other programs used meanwhile."""
    disk_cores: float
    """Cores that were idle because processes waited for the disk."""

    @property
    def turnaround_s(self) -> tuple[float, ...]:
        """Seconds from request to report."""
        return tuple(end - start for start, end in zip(self.asked_s, self.finished_s, strict=True))

    @property
    def studies_per_s(self) -> float:
        """Reports a second, from the first request to the last report."""
        return len(self.asked_s) / (max(self.finished_s) - min(self.asked_s))


@dataclass(frozen=True)
class Database:
    """The cost of a study in PostgreSQL and on the disks, and the time of one committed transaction here."""

    transactions: float
    audit_events: float
    kept_bytes: float
    """Evidence and rows, without the upload."""
    commit_s: float
    """Median of one row's insert with its flush to the disk."""
    audit_s: float
    """Median of one audit event with its flush: writers of the hash chain wait for it."""


@dataclass(frozen=True)
class Idle:
    """The idle load of the cluster: cores by kind of process, and transactions a second."""

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
    """The first one is the synthetic study, which the runs use."""
    runs: tuple[Run, ...]

    @classmethod
    def newest(cls) -> Self:
        """The newest saved record."""
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
        """The maximum that other programs used during a measurement; almost nothing on an idle machine."""
        return max([one.foreign_cores for one in self.alone] + [run.foreign_cores for run in self.runs])

    @property
    def is_still(self) -> bool:
        """Whether other programs used so little that the figures are those of the cluster alone."""
        return self.foreign_cores < STILL

    def beside_others(self, run: Run) -> float:
        """CPU seconds of a study of this run, relative to one that came alone; with its upload if the run had uploads.

        Above 1 where cores are threads that share a core, and where caches are cold.
        """
        alone = self.alone[0]
        spent = sum(alone.analysis_cpu_s.values()) + bool(run.due_s) * sum(alone.upload_cpu_s.values())
        return sum(run.cpu_s.values()) / spent

    @property
    def on_busy_cores(self) -> float:
        """The largest of them: what a study costs when many come."""
        return max(self.beside_others(run) for run in self.runs)

    def run(self, name: str) -> Run:
        """The run of this name."""
        return next(run for run in self.runs if run.name == name)

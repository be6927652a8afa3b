"""The inputs of every part of the bench."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from benchmarks.bench.locust_process import Callers
from benchmarks.bench.plan import Plan
from benchmarks.bench.results import Moment
from benchmarks.bench.service_under_test import Served, Serving
from gateway.settings.settings import Settings
from screening.results.model_card import ModelCard


@dataclass(frozen=True)
class AdmissionLimits:
    """The admission limits of the service, by the settings of this environment, which it shares."""

    slices_per_study: int
    slices_in_flight: int
    slices_waiting: int
    busy_after_s: float

    @property
    def studies(self) -> int:
        """The number of studies in flight and waiting when it is full."""
        return self.slices_in_flight // self.slices_per_study + self.slices_waiting // self.slices_per_study

    @classmethod
    def of(cls, repository: Path) -> Self:
        """From the settings and the model card."""
        settings = Settings()
        slices = ModelCard.load(repository / "model_card.json").slices_of_a_study
        return cls(slices, settings.slices_in_flight, settings.slices_waiting, settings.busy_after_s)


@dataclass(frozen=True)
class Bench:
    """One run: its plan, the folder of its result, the model repository, the uploads and the service."""

    plan: Plan
    folder: Path
    repository: Path
    uploads: Sequence[Path]
    serving: Serving
    admission_limits: AdmissionLimits

    @property
    def served(self) -> Served:
        """The service, when it is ready."""
        return self.serving.served

    def callers(self, name: str, kind: str, count: int, seconds: float, **settings: str) -> Callers:
        """Locust callers of a kind, on the service and the studies of this run."""
        url = self.served.service.url
        named = {f"TURNSTILE_BENCH_{key.upper()}": value for key, value in settings.items()}
        return Callers(name, kind, url, self.uploads, self.folder, count, seconds, "stages" in settings, named)


def moments(served: Served, begin_s: float, end_s: float) -> tuple[Moment, ...]:
    """Memory of the service in this time, counted from its beginning."""
    samples = [(at_s, mib) for at_s, mib in served.service.memory.samples if begin_s <= at_s < end_s]
    return tuple(Moment(at_s=at_s - begin_s, mib=mib) for at_s, mib in samples)

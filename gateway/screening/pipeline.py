"""From an upload to its reports; read it from the top, it is the way of a study through the house."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Self

import structlog

from gateway.inference.admission import Admission
from gateway.inference.engine import Deadline, Engine
from gateway.screening.decode_workers import DecodePool
from gateway.screening.progress import OnProgress, Steps, untold
from gateway.telemetry.metrics import Metrics
from screening.contract import Priority
from screening.errors import StudyError
from screening.evidence import Evidence
from screening.fusion import fuse
from screening.intake import Budgets
from screening.model_card import ModelCard, OperatingPoint
from screening.preparation import PreparedStudy, prepare, survey
from screening.report import Report
from screening.series import Study

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Upload:
    """Bytes that came in: where they lie, the sender's own name for them, and an empty folder to unpack into."""

    path: Path
    name: str
    scratch: Path


@dataclass(frozen=True)
class Screened:
    """One study's report, and what its heatmaps are drawn from; None when the study was not analysed."""

    report: Report
    evidence: Evidence | None = None


@dataclass(frozen=True)
class Analysis:
    """Screens uploads. The API, the command line and the worker walk this one way."""

    decode: DecodePool
    engine: Engine
    admission: Admission
    card: ModelCard
    budgets: Budgets
    metrics: Metrics
    deadline_s: float
    priority: Priority = Priority.ROUTINE

    async def screened(self, upload: Upload, on_progress: OnProgress = untold) -> tuple[Screened, ...]:
        """What came of each study of the upload; what fails, fails in its own report.

        Raises EngineOverloaded when the gate is full: then nothing was read, and nothing is to be reported.
        """
        timings_s: dict[str, float] = {}
        queued = perf_counter()
        async with self.admission.hold(self.slices_per_upload):
            self.metrics.observe_stage("queue", perf_counter() - queued, timings_s)
            steps = Steps(on_progress, self.card.slices_per_study)
            screened = await self._admitted(upload, timings_s, steps)
            steps.report()
        for study in screened:
            self._tell(study.report)
        return screened

    def judging_at(self, point: OperatingPoint) -> Self:
        """The same, with verdicts by this operating point of the card."""
        return replace(self, card=replace(self.card, operating_point=point))

    def going(self, priority: Priority) -> Self:
        """The same, for studies that wait in Triton's queues at this priority."""
        return replace(self, priority=priority)

    async def reports(self, upload: Upload) -> tuple[Report, ...]:
        """`screened`, for those who draw no heatmaps."""
        return tuple([study.report for study in await self.screened(upload)])

    @property
    def slices_per_upload(self) -> int:
        """What one upload in work weighs at the gate: its studies are read one after the other."""
        return self.card.slices_per_study

    async def _admitted(self, upload: Upload, timings_s: dict[str, float], steps: Steps) -> tuple[Screened, ...]:
        start = perf_counter()
        try:
            with self.metrics.stage("survey", timings_s):
                found = await self.decode.run(self._deadline(), survey, upload.path, upload.scratch, self.budgets)
        except StudyError as error:
            return (Screened(Report.failed(upload.name, error, perf_counter() - start)),)
        steps.found(len(found.studies))
        screened = []
        for number, study in enumerate(found.studies):
            steps.study(number)
            screened.append(await self._study(upload, study, timings_s, steps))
        return tuple(screened)

    async def _study(
        self, upload: Upload, study: Study | StudyError, upload_timings_s: Mapping[str, float], steps: Steps
    ) -> Screened:
        start = perf_counter() - upload_timings_s["survey"]  # the survey is part of every study's time
        try:
            if isinstance(study, StudyError):
                raise study
            return await self._analysed(upload, study, start, dict(upload_timings_s), steps)
        except StudyError as error:
            return Screened(Report.failed(upload.name, _told_of(study, error), perf_counter() - start))

    async def _analysed(
        self, upload: Upload, study: Study, start: float, timings_s: dict[str, float], steps: Steps
    ) -> Screened:
        deadline = self._deadline()
        prepared = await self._prepared(study, deadline, timings_s)
        steps.networks()
        with self.metrics.stage("inference", timings_s):
            outputs = await self.engine.infer(prepared.views, prepared.lung_masks, deadline, steps.seen, self.priority)
        with self.metrics.stage("fusion", timings_s):
            fusion = fuse(outputs, self.card.error_range)
        seconds = perf_counter() - start
        report = Report.analysed(upload.name, prepared, outputs, fusion, self.card, seconds, timings_s)
        return Screened(report, Evidence.of(prepared, outputs, fusion))

    async def _prepared(self, study: Study, deadline: Deadline, timings_s: dict[str, float]) -> PreparedStudy:
        """Read and decode in a worker; its own clock tells the stages, and what is left is the handover to and fro."""
        start = perf_counter()
        card = self.card
        prepared = await self.decode.run(deadline, prepare, study, card.image_size, card.slices_per_study)
        handover_s = perf_counter() - start - sum(prepared.timings_s.values())
        for stage, seconds in {**prepared.timings_s, "handover": handover_s}.items():
            self.metrics.observe_stage(stage, seconds, timings_s)
        return prepared

    def _deadline(self) -> Deadline:
        return Deadline.after(self.deadline_s)

    def _tell(self, report: Report) -> None:
        """Count and log a report by what it says of the study, never of the patient."""
        self.metrics.verdicts.labels(report.verdict.value).inc()
        if report.error is None:
            self.metrics.analysed(self.card.version, report.body["probability"], report.row["time_of_processing"])
            log.info("study screened", verdict=report.verdict.value, seconds=report.row["time_of_processing"])
        else:
            self.metrics.failures.labels(report.error.code).inc()
            log.warning("study not analysed", error=report.error.code)


def _told_of(study: Study | StudyError, error: StudyError) -> StudyError:
    """The error with the study's UID, where that is known and not yet in it."""
    if error.study_uid is None and isinstance(study, Study):
        return error.of(study.study_uid)
    return error

"""The screening pipeline: from an upload to one report for each of its studies."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import ParamSpec, Self, TypeVar

import structlog

from gateway.fairness.party import LOCAL, Party
from gateway.inference.admission import Admission, Admitted
from gateway.inference.engine import Deadline, Engine
from gateway.inference.expert_admission import ExpertAdmission
from gateway.screening.costly_failures import CostlyFailures
from gateway.screening.decode_workers import DecodePool, DecodeShare
from gateway.screening.expert_stage import ExpertStage
from gateway.screening.progress import OnProgress, ProgressCounter, ignore_progress
from gateway.telemetry.metrics import Metrics
from screening.contract import Priority
from screening.errors import EngineDeadline, StudyError
from screening.intake.upload import Budgets
from screening.preparation import PreparedStudy, augmented_rows, prepare, survey
from screening.results.evidence import Evidence
from screening.results.fusion import NOT_AUGMENTED, AugmentedLogits, Fusion, SliceOutputs, fuse, highest_slices
from screening.results.model_card import InvalidModelCard, ModelCard
from screening.results.report import Report
from screening.series.studies import Study

P = ParamSpec("P")
T = TypeVar("T")

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Upload:
    """An uploaded file: its path, its name as the sender gave it, and an empty scratch folder.

    For a stored one, its hash and the failures that are remembered of stored files.
    """

    path: Path
    name: str
    scratch: Path
    sha256: str = ""
    failures: CostlyFailures | None = None


@dataclass(frozen=True)
class ScreenedStudy:
    """One study's report, and the evidence of its heatmaps; None when the study was not analysed."""

    report: Report
    evidence: Evidence | None = None


@dataclass(frozen=True)
class _SeenStudy:
    """A study that the networks for slices have seen; `seconds` is what that took, without waiting."""

    study: Study
    prepared: PreparedStudy
    outputs: SliceOutputs
    fusion: Fusion
    seconds: float
    timings_s: dict[str, float]


@dataclass(frozen=True)
class ScreeningPipeline:
    """Screens uploads with one set of networks; the HTTP API, the command line and the worker all use it."""

    decode: DecodePool
    engine: Engine
    admission: Admission
    expert_admission: ExpertAdmission
    card: ModelCard
    budgets: Budgets
    metrics: Metrics
    deadline_s: float
    priority: Priority = Priority.ROUTINE
    party: Party = LOCAL
    patient: bool = True

    async def screen(self, upload: Upload, on_progress: OnProgress = ignore_progress) -> tuple[ScreenedStudy, ...]:
        """Screen each study of the upload; a study that fails has a report with its error.

        Raises EngineOverloaded when admission refuses the upload, unless the pipeline is `patient`: then nothing was
        read and nothing is reported.
        """
        timings_s: dict[str, float] = {}
        queued = perf_counter()
        async with self._admitted() as admitted, AsyncExitStack() as expert_place:
            self.metrics.observe_stage("queue", perf_counter() - queued, timings_s)
            progress = ProgressCounter(on_progress, self.card.slices_of_a_study)
            seen = await self._screen_admitted(upload, timings_s, progress)
            asked = any(isinstance(one, _SeenStudy) for one in seen)
            admitted.screened = any(isinstance(one, _SeenStudy) or one.report.error is None for one in seen)
            no_place = await self._wait_for_place(expert_place) if asked else None
            admitted.end_slices()
            screened = tuple([await self._with_expert(upload, one, no_place) for one in seen])
            progress.report_started()
        for study in screened:
            self._record_outcome(study.report)
        return screened

    def with_card(self, card: ModelCard) -> Self:
        """The same networks with another card for them, or with another operating point of the card."""
        if card.file_hashes != self.card.file_hashes:
            raise InvalidModelCard(f"{card.version} is no card of the networks of {self.card.version}")
        return replace(self, card=card)

    def with_priority(self, priority: Priority) -> Self:
        """The same pipeline with this priority in Triton's queues."""
        return replace(self, priority=priority)

    def on_behalf_of(self, party: Party, *, patient: bool) -> Self:
        """The same pipeline, in the turn of the party; a `patient` one waits for it as long as it takes."""
        return replace(self, party=party, patient=patient)

    async def reports(self, upload: Upload) -> tuple[Report, ...]:
        """Screen each study of the upload, without the evidence of its heatmaps."""
        return tuple([study.report for study in await self.screen(upload)])

    @property
    def slices_per_upload(self) -> int:
        """Slices that one upload usually has in flight: its studies are screened one after the other."""
        return self.card.slices_of_a_study

    async def _screen_admitted(
        self, upload: Upload, timings_s: dict[str, float], progress: ProgressCounter
    ) -> tuple[ScreenedStudy | _SeenStudy, ...]:
        """Each study of the upload, screened, or seen and waiting for the 3D expert."""
        start = perf_counter()
        try:
            with self.metrics.stage("survey", timings_s):
                arguments = (upload.path, upload.scratch, self.budgets)
                found = await self._in_worker(upload, "survey", self._deadline(), survey, *arguments)
        except StudyError as error:
            return (ScreenedStudy(Report.failed(upload.name, error, perf_counter() - start)),)
        progress.studies_found(len(found.studies))
        screened = []
        for study in found.studies:
            progress.study_started()
            screened.append(await self._screen_study(upload, study, timings_s, progress))
        return tuple(screened)

    async def _screen_study(
        self,
        upload: Upload,
        study: Study | StudyError,
        upload_timings_s: Mapping[str, float],
        progress: ProgressCounter,
    ) -> ScreenedStudy | _SeenStudy:
        start = perf_counter() - upload_timings_s["survey"]  # the survey is part of every study's time
        try:
            if isinstance(study, StudyError):
                raise study
            seen = await self._see(upload, study, start, dict(upload_timings_s), progress)
            return seen if self._expert.asks(seen.prepared, seen.fusion) else self._reported(upload, seen)
        except StudyError as error:
            return ScreenedStudy(Report.failed(upload.name, _with_study_uid(study, error), perf_counter() - start))

    async def _wait_for_place(self, held: AsyncExitStack) -> EngineDeadline | None:
        """Hold a place at the 3D expert for the upload, or give the reason why it has none."""
        try:
            await held.enter_async_context(self.expert_admission.place(self._deadline()))
        except EngineDeadline as error:
            return error
        return None

    async def _with_expert(
        self, upload: Upload, seen: ScreenedStudy | _SeenStudy, no_place: EngineDeadline | None
    ) -> ScreenedStudy:
        """The study with the 3D expert's opinion where one is asked for."""
        if isinstance(seen, ScreenedStudy):
            return seen
        start = perf_counter()
        try:
            fusion = (
                await self._asked(seen) if no_place is None else self._expert.without_opinion(seen.fusion, no_place)
            )
            spent_s = perf_counter() - start - seen.timings_s.get("expert_queue", 0.0)
            return self._reported(upload, replace(seen, fusion=fusion, seconds=seen.seconds + spent_s))
        except StudyError as error:
            seconds = seen.seconds + perf_counter() - start
            return ScreenedStudy(Report.failed(upload.name, _with_study_uid(seen.study, error), seconds))

    async def _asked(self, seen: _SeenStudy) -> Fusion:
        return await self._expert.fused(seen.study, seen.prepared, seen.fusion, self._deadline(), seen.timings_s)

    async def _see(
        self, upload: Upload, study: Study, start: float, timings_s: dict[str, float], progress: ProgressCounter
    ) -> _SeenStudy:
        deadline = self._deadline()
        prepared = await self._prepare(upload, study, deadline, timings_s)
        progress.inference_started(len(prepared.views))
        with self.metrics.stage("inference", timings_s):
            outputs = await self.engine.infer(
                prepared.views, prepared.lung_masks, deadline, progress.slices_screened, self.priority
            )
        test_time = await self._test_time(prepared, outputs, deadline, timings_s)
        with self.metrics.stage("fusion", timings_s):
            fusion = fuse(outputs, test_time, prepared.lung_shares, prepared.extents_mm, self.card.fusion)
        return _SeenStudy(study, prepared, outputs, fusion, perf_counter() - start, timings_s)

    def _reported(self, upload: Upload, seen: _SeenStudy) -> ScreenedStudy:
        """The report of a study that all networks have seen that are to see it; raises EngineFault."""
        prepared, outputs, fusion = seen.prepared, seen.outputs, seen.fusion
        report = Report.analysed(upload.name, prepared, outputs, fusion, self.card, seen.seconds, seen.timings_s)
        return ScreenedStudy(report, None if report.error else Evidence.of(prepared, outputs, fusion))

    async def _test_time(
        self, prepared: PreparedStudy, outputs: SliceOutputs, deadline: Deadline, timings_s: dict[str, float]
    ) -> AugmentedLogits:
        """The logits of the other test-time views of the slices with the highest plain logits."""
        numbers = highest_slices(outputs, self.card.test_time_slices)
        if not numbers:
            return NOT_AUGMENTED
        some = list(numbers)
        with self.metrics.stage("test_time_views", timings_s):
            rows = await self._workers.run(deadline, augmented_rows, prepared.views[some], prepared.lung_masks[some])
        with self.metrics.stage("test_time_inference", timings_s):
            logits = await self.engine.classify(*rows, deadline, self.priority)
        return AugmentedLogits(numbers, logits.reshape(len(some), -1))

    async def _prepare(
        self, upload: Upload, study: Study, deadline: Deadline, timings_s: dict[str, float]
    ) -> PreparedStudy:
        """Read and decode in a worker. The worker times its stages; the rest of the time is the handover."""
        start = perf_counter()
        card = self.card
        arguments = (study, card.image_size, card.view_spacing_mm, card.expert3d.farthest_mm if card.expert3d else 0.0)
        prepared = await self._in_worker(upload, f"prepare-{study.study_uid}", deadline, prepare, *arguments)
        handover_s = perf_counter() - start - sum(prepared.timings_s.values())
        for stage, seconds in {**prepared.timings_s, "handover": handover_s}.items():
            self.metrics.observe_stage(stage, seconds, timings_s)
        return prepared

    def _admitted(self) -> AbstractAsyncContextManager[Admitted]:
        urgent = self.priority is Priority.URGENT
        return self.admission.hold(self.slices_per_upload, self.party, urgent=urgent, patient=self.patient)

    async def _in_worker(
        self,
        upload: Upload,
        operation: str,
        deadline: Deadline,
        function: Callable[P, T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Call the function in a worker, unless it is known to fail on this upload after a long time."""
        work = partial(self._workers.run, deadline, function, *args, **kwargs)
        if upload.failures is None:
            return await work()
        limits = (self.decode.limits, self.budgets, self.card.image_size, self.card.view_spacing_mm)
        return await upload.failures.run(upload.sha256, operation, limits, work)

    @property
    def _workers(self) -> DecodeShare:
        return self.decode.shared_by(self.party)

    @property
    def _expert(self) -> ExpertStage:
        return ExpertStage(self._workers, self.engine, self.expert_admission, self.metrics, self.card, self.priority)

    def _deadline(self) -> Deadline:
        return Deadline.after(self.deadline_s)

    def _record_outcome(self, report: Report) -> None:
        """Count and log the report's outcome, and nothing about the patient."""
        self.metrics.verdicts.labels(report.verdict.value).inc()
        if report.error is None:
            self.metrics.observe_study(self.card, report.body["probability"], report.row["time_of_processing"])
            log.info("study screened", verdict=report.verdict.value, seconds=report.row["time_of_processing"])
        else:
            self.metrics.failures.labels(report.error.code).inc()
            log.warning("study not analysed", error=report.error.code)


def _with_study_uid(study: Study | StudyError, error: StudyError) -> StudyError:
    """The error with the study's UID, if that is known."""
    if error.study_uid is None and isinstance(study, Study):
        return error.for_study(study.study_uid)
    return error

"""The 3D expert's stage of the pipeline: for every study on a GPU, for those in the grey zone on a CPU."""

from dataclasses import dataclass
from time import perf_counter

import structlog

from gateway.inference.engine import Deadline, Engine
from gateway.inference.expert_admission import ExpertAdmission
from gateway.screening.decode_workers import DecodeShare, WorkerFault
from gateway.telemetry.metrics import Metrics
from screening.block_preparation import prepare_blocks
from screening.blocks.tiling import LungBlocks
from screening.contract import Priority
from screening.errors import EngineFault, StudyError
from screening.preparation import PreparedStudy
from screening.results.calibration import probability
from screening.results.expert_opinion import ExpertOpinion, expert_is_asked
from screening.results.fusion import Fusion
from screening.results.model_card import ModelCard
from screening.series.studies import Study

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ExpertStage:
    """Asks the expert of these networks; a model card without rules for it never does."""

    decode: DecodeShare
    engine: Engine
    admission: ExpertAdmission
    metrics: Metrics
    card: ModelCard
    priority: Priority

    def asks(self, prepared: PreparedStudy, fusion: Fusion) -> bool:
        """Whether the expert is asked about this study."""
        return expert_is_asked(self.card, fusion.score, prepared.geometry.spacing_mm[0])

    async def fused(
        self, study: Study, prepared: PreparedStudy, fusion: Fusion, deadline: Deadline, timings_s: dict[str, float]
    ) -> Fusion:
        """The fusion with the expert's opinion.

        Raises a StudyError when there is none, since `normal` would leave out what the card asks for; but what is
        pathology without the expert stays so.
        """
        try:
            opinion = await self._opinion(study, prepared, deadline, timings_s)
            return fusion.with_expert(opinion, prepared.slice_indices)
        except StudyError as error:
            return self.without_opinion(fusion, error)

    def without_opinion(self, fusion: Fusion, error: StudyError) -> Fusion:
        """The fusion of what is pathology without the expert, with the error's code; raises the error for the rest."""
        if probability(fusion.score, self.card.calibration) < self.card.operating_point.threshold:
            raise error
        log.warning("pathology without the 3D expert", error=error.code)
        return fusion.without_expert(error.code)

    async def _opinion(
        self, study: Study, prepared: PreparedStudy, deadline: Deadline, timings_s: dict[str, float]
    ) -> ExpertOpinion:
        rules = self.card.expert3d
        if rules is None:
            raise AssertionError("unreachable: `asks` is false without rules")
        queued = perf_counter()
        async with self.admission.turn(deadline):
            self.metrics.observe_stage("expert_queue", perf_counter() - queued, timings_s)
            with self.metrics.stage("expert_blocks", timings_s):
                blocks = await self._blocks(study, prepared, deadline)
            with self.metrics.stage("expert_inference", timings_s):
                outputs = await self.engine.ask_expert(blocks.blocks, blocks.masks, deadline, self.priority)
        return ExpertOpinion.of(blocks, outputs, rules)

    async def _blocks(self, study: Study, prepared: PreparedStudy, deadline: Deadline) -> LungBlocks:
        """The study's blocks; a fault of the program is an error of this study alone, the others keep their reports."""
        try:
            return await self.decode.run(deadline, prepare_blocks, study, prepared.chosen)
        except WorkerFault:  # the pool has logged its frames
            raise EngineFault("the 3D expert's input could not be prepared; the log has the reason") from None

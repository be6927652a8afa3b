"""Evaluates whole studies as served: detection, pointing, stability, volume rules, calibration -> model card.

It reads a finished model repository, so its figures are those of the files, the rules and the operating point in force.
Volumes and sides of the split are evaluated in processes of their own.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from screening.results.model_card import ModelCard
from training.datasets import Entry
from training.predictions import predict
from training.prepared_data import PreparedData
from training.run_evaluation import EvaluatedRun
from training.served.composed_calibration import ComposedSide, calibration_line, deciding_networks
from training.served.evaluation_volumes import chosen_entries
from training.served.exported_networks import MODEL_CARD, ExportedNetworks
from training.served.looks import counted_look
from training.served.painted_studies import PaintingPlan
from training.served.rule_comparison import compared_rules
from training.served.served_study import threshold_logit
from training.served.stability import stability_lines
from training.served.study_card import write_section
from training.served.study_results import StudyResults
from training.served.volume_evaluation import UNCHANGED, EvaluatedVolume, VolumeTask, evaluate_volume
from training.slice_cache import SliceCache
from training.splits import Side
from training.training_run import write_json

RESULTS: Final = "served_evaluation.json"
SIDES: Final[tuple[Side, ...]] = ("validation", "test")


@dataclass(frozen=True)
class StudyEvaluation:
    """What to evaluate: a repository, lesions to paint, runs for the table of left-out sets; by how many processes.

    The results go to `folder` and into the page `report`.
    """

    repository: Path
    plan: PaintingPlan
    compared: Sequence[Path]
    workers: int
    folder: Path
    report: Path


def evaluate_studies(
    entries: Sequence[Entry], data: PreparedData, settings: StudyEvaluation, say: Callable[[str], None]
) -> StudyResults:
    """Evaluate; write served_evaluation.json and the card's part on whole studies. `say` is told of the progress."""
    card = ModelCard.load(settings.repository / MODEL_CARD)
    volumes, sides = _evaluated(list(_tasks(entries, data, settings)), data, settings, say)
    pairs = [pair for one in volumes for pair in one.pairs]
    changed = [pair for one in volumes for pair in (*one.pairs, *one.painted_pairs) if pair.kind != UNCHANGED]
    painted = [painted for one in volumes for painted in one.painted]
    composed = {name: (side.predictions, side.studies) for name, side in sides.items()}
    rule, point = str(card.fusion.volume_rule), card.operating_point.name
    results = StudyResults(
        networks=card.version,
        operating_point=point,
        threshold=threshold_logit(card),
        volume_rule=rule,
        volumes=[one.line for one in volumes if one.line],
        marked=[one.marked for one in volumes if one.marked],
        painted=painted,
        pairs=changed,
        stability=list(stability_lines(changed)),
        rules=list(compared_rules(card, composed, pairs, painted)),
        calibration=[calibration_line(name, side, card) for name, side in sides.items()],
        runs=[EvaluatedRun.read(run) for run in settings.compared],
        looks=counted_look(settings.report.parent / "model-card", card.version, point, rule),
    )
    settings.folder.mkdir(parents=True, exist_ok=True)
    write_json(settings.folder / RESULTS, dict(results.to_json()))
    write_section(results, settings.report)
    return results


def composed_side(repository: Path, cache: Path, indices: Sequence[int]) -> ComposedSide:
    """The published slices of one side of the split, screened by the exported files."""
    opened = SliceCache.open(cache)
    predictions = predict(opened, indices, deciding_networks(ExportedNetworks(repository)))
    return ComposedSide.of([opened.rows[index] for index in indices], predictions)


def _tasks(entries: Sequence[Entry], data: PreparedData, settings: StudyEvaluation) -> Iterator[VolumeTask]:
    """A task for each volume, those that are painted first, for they take longest."""
    chosen = sorted(chosen_entries(entries, data), key=lambda one: one.entry.label != 0)
    for number, one in enumerate(chosen):
        yield VolumeTask(one, settings.repository, settings.plan, change_painted=number == 0)


def _evaluated(
    tasks: Sequence[VolumeTask], data: PreparedData, settings: StudyEvaluation, say: Callable[[str], None]
) -> tuple[list[EvaluatedVolume], dict[str, ComposedSide]]:
    repository, cache = settings.repository, data.cache.folder
    published = {
        side: [index for index in data.evaluation_slices(side) if data.cache.rows[index].height_mm is None]
        for side in SIDES
    }
    if settings.workers == 1:
        volumes = [_said(evaluate_volume(task), say) for task in tasks]
        return volumes, {side: composed_side(repository, cache, indices) for side, indices in published.items()}
    # spawn: a process that is forked while threads of torch run may stop for ever.
    with ProcessPoolExecutor(settings.workers, get_context("spawn")) as pool:
        running = [pool.submit(evaluate_volume, task) for task in tasks]
        sides = {side: pool.submit(composed_side, repository, cache, indices) for side, indices in published.items()}
        for one in running:
            one.add_done_callback(lambda done: _tell(done, say))
        return [one.result() for one in running], {side: one.result() for side, one in sides.items()}


def _tell(done: Future[Any], say: Callable[[str], None]) -> None:
    if not done.exception():
        _said(done.result(), say)


def _said(volume: EvaluatedVolume, say: Callable[[str], None]) -> EvaluatedVolume:
    changes = len(volume.pairs) + len(volume.painted_pairs)
    say(f"{volume.name}: {changes} changes, {len(volume.painted)} painted lesions")
    return volume

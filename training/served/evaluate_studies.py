"""Evaluates whole studies as served: detection, pointing, stability, volume rules, calibration -> model card.

It reads a finished model repository, so its figures are those of the files, the rules and the operating point in force.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from screening.errors import StudyError
from training.datasets import Entry
from training.predictions import predict
from training.prepared_data import PreparedData
from training.run_evaluation import EvaluatedRun
from training.served.composed_calibration import ComposedSide, calibration_line, deciding_networks
from training.served.evaluation_volumes import EvaluationVolume, chosen_entries, opened
from training.served.exported_networks import ExportedNetworks
from training.served.looks import counted_look
from training.served.painted_studies import PaintedStudy, PaintingPlan, painted_studies, stack_of
from training.served.pointing import pointing, slices_auc
from training.served.rule_comparison import compared_rules
from training.served.rules import rule_logits
from training.served.served_study import ServedStudy, serve, threshold_logit
from training.served.stability import ChangedStudy, changed_studies, stability_lines
from training.served.study_card import write_section
from training.served.study_results import MarkedLine, StudyResults, VolumeLine
from training.splits import Side
from training.synthesis.volume_lesions import LungStack, NoPlace, VolumeLesion, paint_lesion
from training.training_run import write_json

RESULTS: Final = "served_evaluation.json"
CHANGED_LESIONS_MM: Final = (10.0, 20.0, 40.0)  # painted studies that are changed as well: whole ill volumes are few
SEED: Final = 29
UNCHANGED: Final = "none"

Say = Callable[[str], None]


@dataclass(frozen=True)
class EvaluatedVolumes:
    """What was found volume by volume."""

    volumes: list[VolumeLine] = field(default_factory=list)
    marked: list[MarkedLine] = field(default_factory=list)
    painted: list[PaintedStudy] = field(default_factory=list)
    pairs: list[ChangedStudy] = field(default_factory=list)
    painted_pairs: list[ChangedStudy] = field(default_factory=list)


def evaluate_studies(
    entries: Sequence[Entry],
    data: PreparedData,
    repository: Path,
    compared: Sequence[Path],
    plan: PaintingPlan,
    folder: Path,
    report: Path,
    say: Say,
) -> StudyResults:
    """Evaluate; write served_evaluation.json into `folder` and a part of the model card to `report`.

    The lesions of `plan` are painted into each normal volume. `say` is told of the progress.
    """
    cv2.setNumThreads(1)
    networks = ExportedNetworks(repository)
    card = networks.card
    found = EvaluatedVolumes()
    for entry in chosen_entries(entries, data):
        with opened(entry, data) as volume:
            _evaluate(volume, networks, plan, found, say)
        networks.forget()
    sides = dict(_composed(data, networks))
    say("composed studies: screened")
    composed = {name: (side.predictions, side.studies) for name, side in sides.items()}
    rule = card.fusion.volume_rule
    pairs = [*found.pairs, *found.painted_pairs]
    results = StudyResults(
        networks=card.version,
        operating_point=card.operating_point.name,
        threshold=threshold_logit(card),
        volume_rule=str(rule),
        volumes=found.volumes,
        marked=found.marked,
        painted=found.painted,
        pairs=pairs,
        stability=list(stability_lines([pair for pair in pairs if pair.kind != UNCHANGED])),
        rules=list(compared_rules(card, composed, found.pairs, found.painted)),
        calibration=[calibration_line(name, side, card) for name, side in sides.items()],
        runs=[EvaluatedRun.read(run) for run in compared],
        looks=counted_look(report.parent / "model-card", card.version, card.operating_point.name, str(rule)),
    )
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / RESULTS, dict(results.to_json()))
    write_section(results, report)
    return results


def _evaluate(
    volume: EvaluationVolume, networks: ExportedNetworks, plan: PaintingPlan, found: EvaluatedVolumes, say: Say
) -> None:
    plain = serve(volume.volume, networks)
    if volume.lesion is not None and volume.lesion.any():
        found.marked.append(_marked(volume, plain))
    if volume.label is None or volume.trained:
        say(f"{volume.name}: screened")
        return
    pairs = list(changed_studies(volume.name, volume.label, volume.volume, volume.others, networks, plain))
    found.pairs.append(_unchanged(volume, plain))
    found.pairs.extend(pairs)
    found.volumes.append(_line(volume, plain, pairs))
    say(f"{volume.name}: {len(pairs)} changes")
    if volume.label == 0:
        stack = stack_of(volume.volume)
        found.painted.extend(painted_studies(volume.name, stack, volume.volume, networks, plain, plan))
        if not found.painted_pairs:
            found.painted_pairs.extend(_changed_painted(volume, stack, networks))
        say(f"{volume.name}: {len(found.painted)} painted lesions, {len(found.painted_pairs)} changes of painted ones")


def _changed_painted(volume: EvaluationVolume, stack: LungStack, networks: ExportedNetworks) -> Iterator[ChangedStudy]:
    for size_mm in CHANGED_LESIONS_MM:
        try:
            painted = paint_lesion(stack, VolumeLesion(size_mm), np.random.default_rng((SEED, round(size_mm))))
        except NoPlace:
            continue
        ill = volume.volume.with_values(painted.on(stack.values))
        try:
            plain = serve(ill, networks)
        except StudyError:
            continue
        yield from changed_studies(f"{volume.name} with {size_mm:g} mm painted", 1, ill, (), networks, plain)


def _unchanged(volume: EvaluationVolume, plain: ServedStudy) -> ChangedStudy:
    verdict = plain.verdict
    return ChangedStudy(
        volume.name, volume.label or 0, UNCHANGED, verdict, verdict, plain.logit, rule_logits(plain), plain.logit
    )


def _line(volume: EvaluationVolume, plain: ServedStudy, pairs: Sequence[ChangedStudy]) -> VolumeLine:
    logits = [plain.logit, *(pair.logit_after for pair in pairs if pair.logit_after is not None)]
    return VolumeLine(
        volume.name,
        volume.dataset,
        volume.label or 0,
        str(plain.verdict),
        plain.probability,
        plain.logit,
        min(logits),
        max(logits),
    )


def _marked(volume: EvaluationVolume, plain: ServedStudy) -> MarkedLine:
    assert volume.lesion is not None  # noqa: S101 - the caller has asked
    found = pointing(plain, volume.lesion)
    return MarkedLine(
        volume.name,
        volume.trained,
        len(found.slice_hits),
        sum(found.slice_hits),
        found.slice_chance,
        found.hit,
        slices_auc(plain, volume.lesion),
    )


def _composed(data: PreparedData, networks: ExportedNetworks) -> Iterator[tuple[str, ComposedSide]]:
    """Validation and test: the published slices of each, screened by the exported files."""
    sides: tuple[Side, ...] = ("validation", "test")
    for side in sides:
        rows = data.cache.rows
        indices = [index for index in data.evaluation_slices(side) if rows[index].height_mm is None]
        predictions = predict(data.cache, indices, deciding_networks(networks))
        networks.forget()
        yield side, ComposedSide.of([rows[index] for index in indices], predictions)

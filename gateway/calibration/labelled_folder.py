"""Studies of a folder with a label table: scored as served, resumed from a journal, and collected from it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gateway.calibration.collected_studies import CollectedStudies, Collector
from gateway.mass_runs.journal import Journal, JournalEntry
from screening.evaluation.label_table import LabelledStudy
from screening.evaluation.scored_studies import LeftOut, scored_study
from screening.results.model_card import ModelCard


def remaining(
    studies: Sequence[LabelledStudy], journal: Journal, card: ModelCard, *, retry_failed: bool
) -> Iterator[Path]:
    """The studies with a label that the journal has no report of by this card's networks and rules, as in the table."""
    done = {
        entry.item
        for entry in journal.entries()
        if not (retry_failed and entry.failed) and not _scored_otherwise(entry, card)
    }
    return (study.path for study in studies if study.label is not None and str(study.path) not in done)


def collect(studies: Sequence[LabelledStudy], journal: Journal, card: ModelCard) -> CollectedStudies:
    """The studies with their labels of now; one report at a time is in memory."""
    collector = Collector()
    by_path: Mapping[str, LabelledStudy] = {str(study.path): study for study in studies if study.label is not None}
    collector.left_out[LeftOut.NO_LABEL] += len(studies) - len(by_path)
    for entry in journal.entries():
        study = by_path.get(entry.item)
        if study is not None and study.label is not None:
            month = f"{study.study_date:%Y-%m}" if study.study_date else None
            collector.add(scored_study(entry.reports, study.study, study.patient, study.label, card, month))
    return collector.collected()


def _scored_otherwise(entry: JournalEntry, card: ModelCard) -> bool:
    """Whether the report has no score by this card since other networks or other rules made it."""
    return scored_study(entry.reports, "", "", 0, card) in (LeftOut.OTHER_NETWORKS, LeftOut.OTHER_RULE)

"""Stability: (study, change) pairs, and in how many of them the verdict changes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from screening.errors import StudyError
from screening.evaluation.bootstrap import Interval
from screening.evaluation.exact_interval import exact_interval
from screening.results.verdict import Verdict
from training.served.decoded_volume import DecodedVolume
from training.served.exported_networks import ExportedNetworks
from training.served.served_study import ServedStudy, serve
from training.served.study_changes import changes_of


@dataclass(frozen=True)
class ChangedStudy:
    """One pair: the verdicts before and after a change of kind `kind`, and the study's logit after it by each rule.

    `logits` is empty where serving refuses the changed study.
    """

    study: str
    label: int
    kind: str
    before: Verdict
    after: Verdict
    logit_before: float
    logits: Mapping[str, float]
    logit_after: float | None

    @property
    def flipped(self) -> bool:
        """From normal to pathology or back."""
        return {self.before, self.after} == {Verdict.NORMAL, Verdict.PATHOLOGY}

    @property
    def lost(self) -> bool:
        """Analysed before and not after: a radiologist reads it, so nothing is let through."""
        return self.after is Verdict.NOT_ANALYSED and self.before is not Verdict.NOT_ANALYSED


@dataclass(frozen=True)
class StabilityLine:
    """A kind of change, or all: `flips` is the share of pairs whose verdict flips, with its exact interval.

    The pairs of one study are alike, so the interval is narrower than one over `studies` patients would be.
    `logit_change` is the largest and `logit_deviation` the root mean square change of a study's logit.
    """

    kind: str
    studies: int
    pairs: int
    flips: Interval
    lost: int
    logit_change: float
    logit_deviation: float


def changed_studies(
    study: str,
    label: int,
    volume: DecodedVolume,
    others: Sequence[DecodedVolume],
    networks: ExportedNetworks,
    plain: ServedStudy,
) -> Iterator[ChangedStudy]:
    """Every pair of one study, `plain` as it came."""
    for change in changes_of(volume, others):
        try:
            after = serve(change.volume, networks, change.other_noise)
        except StudyError:
            yield ChangedStudy(study, label, change.kind, plain.verdict, Verdict.NOT_ANALYSED, plain.logit, {}, None)
            continue
        yield ChangedStudy(
            study, label, change.kind, plain.verdict, after.verdict, plain.logit, after.by_each_rule(), after.logit
        )


def stability_lines(pairs: Sequence[ChangedStudy]) -> Iterator[StabilityLine]:
    """A line for each kind of change, and one for all."""
    for kind in dict.fromkeys(pair.kind for pair in pairs):
        yield _line(kind, [pair for pair in pairs if pair.kind == kind])
    if pairs:
        yield _line("all", pairs)


def _line(kind: str, pairs: Sequence[ChangedStudy]) -> StabilityLine:
    changes = np.array(list(_logit_changes(pairs)) or [0.0])
    return StabilityLine(
        kind,
        len({pair.study for pair in pairs}),
        len(pairs),
        exact_interval(float(np.mean([pair.flipped for pair in pairs])), len(pairs)),
        sum(pair.lost for pair in pairs),
        float(np.abs(changes).max()),
        float(np.sqrt(np.square(changes).mean())),
    )


def _logit_changes(pairs: Iterable[ChangedStudy]) -> Iterator[float]:
    return (pair.logit_after - pair.logit_before for pair in pairs if pair.logit_after is not None)

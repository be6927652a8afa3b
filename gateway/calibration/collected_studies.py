"""The studies that were collected for a calibration, and how many were left out for which reason."""

from collections import Counter
from dataclasses import dataclass, field

from screening.evaluation.scored_studies import LeftOut, ScoredStudies, ScoredStudy


@dataclass(frozen=True)
class CollectedStudies:
    """Scored studies with labels; `left_out` counts the others by reason.

    `analysed` is the number of analysed scans that these were taken from, where radiologists chose which ones to give
    feedback on; None for a table.
    """

    studies: ScoredStudies
    left_out: Counter[LeftOut] = field(default_factory=Counter)
    analysed: int | None = None

    @property
    def left_out_counts(self) -> dict[str, int]:
        """The reasons as the model card names them."""
        return {reason.value: count for reason, count in sorted(self.left_out.items()) if count}


class Collector:
    """Collects studies one by one; of each it keeps a few hundred bytes, whatever the size of its report."""

    def __init__(self) -> None:
        self._studies: list[ScoredStudy] = []
        self.left_out: Counter[LeftOut] = Counter()

    def add(self, found: ScoredStudy | LeftOut) -> None:
        """Keep a scored study, or count why there is none."""
        if isinstance(found, LeftOut):
            self.left_out[found] += 1
        else:
            self._studies.append(found)

    def collected(self, analysed: int | None = None) -> CollectedStudies:
        """All that was added."""
        return CollectedStudies(ScoredStudies(tuple(self._studies)), self.left_out, analysed)

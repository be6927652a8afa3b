"""The choice among the series of a study: by their headers, then by a quick look at their lungs.

Analysis, viewer and training choose by this function, so that all of them see the same series.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from screening.errors import PixelError, StudyError
from screening.lungs.lung_survey import SliceSource
from screening.series.lung_look import NOTHING, LungLook, look_at_lungs
from screening.series.series_preference import sort_by_preference
from screening.series.studies import Candidate, Study, candidates_of, screenable
from screening.series.volume import Volume


@dataclass(frozen=True)
class Ranking:
    """The volumes that can be screened, the best first, and all candidates in that order."""

    volumes: tuple[Volume, ...]
    candidates: tuple[Candidate, ...]

    def after(self, refused: Mapping[int, StudyError], chosen: int) -> tuple[Candidate, ...]:
        """The candidates with the reason of each that was tried and refused before the one at position `chosen`."""
        marked = list(self.candidates)
        for position, error in refused.items():
            marked[position] = replace(marked[position], chosen=False, reason=error.code, explanation=error.detail)
        if refused:
            explanation = "The best series in which lungs were found."
            marked[chosen] = replace(marked[chosen], chosen=True, reason="chosen", explanation=explanation)
        return tuple(marked)


def ranked(study: Study, source_of: Callable[[Volume], SliceSource] = lambda volume: volume) -> Ranking:
    """The series of a study, the best first; raises the error of the best one when none can be screened.

    `source_of` gives the slices to look at, so that a caller may keep what was decoded. One series alone is not looked
    at.
    """
    found = screenable(study)
    only = len(found.volumes) == 1
    looks = [(volume, NOTHING if only else _look(source_of(volume))) for volume in found.volumes]
    stacks = sort_by_preference(looks)
    return Ranking(tuple(stack.volume for stack in stacks), candidates_of(stacks, found.unsuitable))


def _look(source: SliceSource) -> LungLook:
    """Of a series with broken slices, nothing; it is tried last, and its error is told then."""
    try:
        return look_at_lungs(source)
    except PixelError:
        return NOTHING

"""The displayed series of an upload: the one that the analysis chooses. Runs in a decode worker."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from screening.errors import NoLung, PixelError, StudyError
from screening.intake.budgets import Budgets
from screening.lungs.lung_extent import find_lungs
from screening.preparation import survey
from screening.series.series_choice import ranked
from screening.series.studies import Candidate, Study
from screening.series.volume import Volume


@dataclass(frozen=True)
class DisplayedSeries:
    """The displayed series of one study, every candidate series with the reason for its rank, and all study UIDs."""

    study_uids: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    warnings: tuple[str, ...]
    volume: Volume
    upload: Path = field(repr=False)

    @property
    def is_in_upload(self) -> bool:
        """Whether all slices are read from the upload itself, not from temporary files that were unpacked from it."""
        return all(one.member.path == self.upload for one in self.volume.slices)

    def at_path(self, path: Path) -> "DisplayedSeries":
        """The same series with the upload at another path."""
        if path == self.upload:
            return self
        slices = tuple(replace(one, member=replace(one.member, path=path)) for one in self.volume.slices)
        return replace(self, upload=path, volume=replace(self.volume, slices=slices))


@dataclass(frozen=True)
class SeriesSource:
    """Where a worker reads a series from: the upload at `path`, unless the series is `cached`.

    When the upload has no study `study_uid`, its first study is taken if `allow_other_study`.
    """

    path: Path
    scratch: Path
    budgets: Budgets
    study_uid: str | None = None
    allow_other_study: bool = True
    cached: DisplayedSeries | None = field(default=None, repr=False)

    def series(self) -> DisplayedSeries | None:
        """The series; None when the upload has no study of that UID. Raises the StudyError that the analysis raises."""
        return self.cached or _read(self)

    def volume(self) -> Volume:
        """The volume of an existing series; raises as `series` does."""
        displayed = self.series()
        if displayed is None:
            raise LookupError("the upload has no such study")
        return displayed.volume


def _read(source: SeriesSource) -> DisplayedSeries | None:
    found = survey(source.path, source.scratch, source.budgets).studies
    studies = [study for study in found if isinstance(study, Study)]
    if not studies:
        raise next(study for study in found if isinstance(study, StudyError))
    first = studies[0] if source.allow_other_study else None
    study = next((one for one in studies if one.study_uid == source.study_uid), first)
    if study is None:
        return None
    candidates, volume = _choose_series(study)
    uids = tuple(one.study_uid for one in studies)
    return DisplayedSeries(uids, candidates, (*study.warnings, *volume.warnings), volume, source.path)


def _choose_series(study: Study) -> tuple[tuple[Candidate, ...], Volume]:
    """The candidates as the analysis ranks them, and the volume of the one that it chooses.

    A single candidate is displayed without a search for lungs, which halves the time to the first slice. When no series
    has lungs, the best one is displayed; the report says why it was not analysed.
    """
    ranking = ranked(study)
    refused: dict[int, StudyError] = {}
    for place, volume in enumerate(ranking.volumes):
        try:
            if len(ranking.volumes) > 1:
                find_lungs(volume)
        except (NoLung, PixelError) as error:
            refused[place] = error
        else:
            return ranking.after(refused, place), volume
    return ranking.candidates, ranking.volumes[0]

"""The series that is shown of an upload: the one that the analysis takes. Runs in a decode worker."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from screening.budgets import Budgets
from screening.errors import NoLung, PixelError, StudyError
from screening.lungs import find_lungs
from screening.preparation import survey, told
from screening.series import Candidate, Study, rank
from screening.volume import Volume


@dataclass(frozen=True)
class Shown:
    """The series that is shown of one study, every candidate with the reason for its place, and the other studies."""

    study_uids: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    warnings: tuple[str, ...]
    volume: Volume
    upload: Path = field(repr=False)

    @property
    def lasting(self) -> bool:
        """Whether all slices lie in the upload itself, not in files that were unpacked from it and go."""
        return all(one.member.path == self.upload for one in self.volume.slices)

    def at(self, path: Path) -> "Shown":
        """The same with the upload at another path."""
        if path == self.upload:
            return self
        slices = tuple(replace(one, member=replace(one.member, path=path)) for one in self.volume.slices)
        return replace(self, upload=path, volume=replace(self.volume, slices=slices))


@dataclass(frozen=True)
class Source:
    """Where a worker finds a series: in the upload at `path`, or at once where it is `known`.

    Without the study of `study_uid`, the first one of the upload is taken where it `may_be_another`.
    """

    path: Path
    scratch: Path
    budgets: Budgets
    study_uid: str | None = None
    may_be_another: bool = True
    known: Shown | None = field(default=None, repr=False)

    def shown(self) -> Shown | None:
        """The series; None when the upload has no study of that UID. Raises the StudyError that the analysis raises."""
        return self.known or _read(self)

    def volume(self) -> Volume:
        """The volume of a series that is there; raises as `shown` does."""
        shown = self.shown()
        if shown is None:
            raise LookupError("the study was there when its series was asked for")
        return shown.volume


def _read(source: Source) -> Shown | None:
    found = survey(source.path, source.scratch, source.budgets).studies
    studies = [study for study in found if isinstance(study, Study)]
    if not studies:
        raise next(study for study in found if isinstance(study, StudyError))
    first = studies[0] if source.may_be_another else None
    study = next((one for one in studies if one.study_uid == source.study_uid), first)
    if study is None:
        return None
    candidates, volume = _choice(study)
    uids = tuple(one.study_uid for one in studies)
    return Shown(uids, candidates, (*study.warnings, *volume.warnings), volume, source.path)


def _choice(study: Study) -> tuple[tuple[Candidate, ...], Volume]:
    """The candidates as the analysis sees them, and the one that it takes.

    One that stands alone is shown without a search for lungs: then a slice is there in half the time. Where no series
    has lungs, the best is shown all the same; the report says why it was not analysed.
    """
    ranked = rank(study)
    candidates = [candidate for candidate, _ in ranked]
    volumes = {place: volume for place, (_, volume) in enumerate(ranked) if volume is not None}
    refused: dict[int, StudyError] = {}
    for place, volume in volumes.items():
        try:
            if len(volumes) > 1:
                find_lungs(volume)
        except (NoLung, PixelError) as error:
            refused[place] = error
        else:
            return told(candidates, refused, place), volume
    return tuple(candidates), next(iter(volumes.values()))

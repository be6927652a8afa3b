"""Series selection: slices of an upload -> studies -> stacks in order of preference, each with the reason for its rank.

A stack is one scan of a series (`screening.series.stacks`): of one phase, one kernel and one field of view.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from screening.dicom.headers import Headers
from screening.dicom.rescale_completion import complete_rescale
from screening.dicom.slice_header import SliceHeader
from screening.dicom.study_patient import of_one_patient
from screening.errors import BrokenDicom, MixedPatients, StudyError
from screening.series.series_preference import SuitableStack, rejection
from screening.series.series_suitability import RuleViolation, first_violation
from screening.series.stacks import Stack, stacks_of
from screening.series.volume import Volume


@dataclass(frozen=True)
class Series:
    """The slices that share a Series Instance UID, in the order in which they were read."""

    study_uid: str
    series_uid: str
    slices: tuple[SliceHeader, ...]


@dataclass(frozen=True)
class Study:
    """The series of one study, and warnings about their upload."""

    study_uid: str
    series: tuple[Series, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Candidate:
    """A stack of slices that was considered; `reason` is a stable code, `explanation` its text."""

    series_uid: str
    slices: int
    kernel: str
    spacing_mm: float | None
    chosen: bool
    reason: str
    explanation: str


def studies_of(headers: Headers) -> tuple[Study | StudyError, ...]:
    """The studies of an upload, sorted by UID; one of several patients is replaced by its error, MixedPatients."""
    by_study: dict[str, list[SliceHeader]] = defaultdict(list)
    for one in headers.slices:
        by_study[one.study_uid].append(one)
    warnings = _warnings(headers)
    return tuple(_study(uid, slices, warnings) for uid, slices in sorted(by_study.items()))


@dataclass(frozen=True)
class Screenable:
    """The stacks of a study that can be screened, and the candidates that cannot, with their reasons."""

    volumes: tuple[Volume, ...]
    unsuitable: tuple[Candidate, ...]


def screenable(study: Study) -> Screenable:
    """What of a study can be screened, by its headers.

    When nothing can, raises the error of the stack that passed the most rules of `screening.series.series_suitability`.
    """
    checked = [(one, first_violation(one.slices)) for series in study.series for one in stacks_of(series.slices)]
    unsuitable = [(stack, violation) for stack, violation in checked if violation is not None]
    volumes = tuple(Volume.of(stack.slices, stack.warnings) for stack, violation in checked if violation is None)
    if not volumes:
        _, violation = max(unsuitable, key=lambda pair: (pair[1].passed, len(pair[0])))
        raise violation.error(violation.explanation, study.study_uid)
    return Screenable(volumes, tuple(_unsuitable(stack, violation) for stack, violation in unsuitable))


def candidates_of(stacks: Sequence[SuitableStack], unsuitable: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Every stack of the study: the chosen one first, then those that could be screened, the best first."""
    return (*(_suitable(one, stacks[0]) for one in stacks), *unsuitable)


def _study(study_uid: str, slices: Sequence[SliceHeader], warnings: tuple[str, ...]) -> Study | StudyError:
    try:
        own, strays = of_one_patient(slices, study_uid)
    except MixedPatients as error:
        return error
    by_series: dict[str, list[SliceHeader]] = defaultdict(list)
    for one in own:
        by_series[one.series_uid].append(one)
    completed = {uid: complete_rescale(some) for uid, some in by_series.items()}
    series = tuple(Series(study_uid, uid, some) for uid, some in sorted(completed.items()))
    odd = _oddities([one for some in completed.values() for one in some])
    return Study(study_uid, series, (*warnings, *strays, *odd))


def _oddities(slices: Sequence[SliceHeader]) -> tuple[str, ...]:
    """What was odd in the files, each once, with the number of slices where it is not all of them."""
    counts = Counter(oddity for one in slices for oddity in one.oddities)
    return tuple(
        oddity if count == len(slices) else f"{oddity} ({count} of {len(slices)} slices)"
        for oddity, count in counts.items()
    )


def _suitable(stack: SuitableStack, best: SuitableStack) -> Candidate:
    volume, chosen = stack.volume, stack is best
    reason, explanation = ("chosen", "The best axial series of the study.") if chosen else rejection(stack, best)
    spacing_mm = round(volume.geometry.spacing_mm[0], 3)
    kernel = volume.slices[0].kernel
    return Candidate(volume.series_uid, len(volume), kernel, spacing_mm, chosen, reason, explanation)


def _unsuitable(stack: Stack, violation: RuleViolation) -> Candidate:
    first = stack.slices[0]
    return Candidate(first.series_uid, len(stack), first.kernel, None, False, violation.code, violation.explanation)


def _warnings(headers: Headers) -> tuple[str, ...]:
    broken = sum(one.code == BrokenDicom.code for one in headers.skipped)
    copies = sum(one.code == "duplicate" for one in headers.skipped)
    warnings = (
        (broken, "{} DICOM file(s) of the upload could not be read."),
        (copies, "{} file(s) that repeat another one were left out."),
    )
    return tuple(text.format(count) for count, text in warnings if count)

"""Series: the slices of an upload -> studies -> stacks in order of preference, each with the reason for its place."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from screening.errors import BrokenDicom, InvalidUid, MixedPatients, StudyError
from screening.headers import Headers
from screening.series_preference import Fit, in_preference, why_not
from screening.series_suitability import Flaw, flaw_of
from screening.slice_header import SliceHeader, is_uid
from screening.volume import Volume


@dataclass(frozen=True)
class Series:
    """The slices that share a Series Instance UID, in the order in which they were read."""

    study_uid: str
    series_uid: str
    slices: tuple[SliceHeader, ...]


@dataclass(frozen=True)
class Study:
    """The series of one study, and what a reader should know of the upload that they came in."""

    study_uid: str
    series: tuple[Series, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Candidate:
    """A stack of slices that was considered; `reason` is a stable code, `explanation` says it in words."""

    series_uid: str
    slices: int
    kernel: str
    spacing_mm: float | None
    chosen: bool
    reason: str
    explanation: str


def studies_of(headers: Headers) -> tuple[Study | StudyError, ...]:
    """The studies of an upload in the order of their UIDs; one that cannot be believed is an error in its place.

    The errors are InvalidUid and MixedPatients.
    """
    by_study: dict[str, list[SliceHeader]] = defaultdict(list)
    for one in headers.slices:
        by_study[one.study_uid].append(one)
    warnings = _warnings(headers)
    return tuple(_study(uid, slices, warnings) for uid, slices in sorted(by_study.items()))


def rank(study: Study) -> tuple[tuple[Candidate, Volume | None], ...]:
    """Every stack of the study, the best first; those that can be screened carry their volume.

    When none can, raises the error of the stack that came furthest through the rules of `screening.series_suitability`.
    """
    judged = [(stack, flaw_of(stack)) for series in study.series for stack in _stacks(series)]
    flawed = [(stack, flaw) for stack, flaw in judged if flaw is not None]
    fits = in_preference([Volume.of(stack) for stack, flaw in judged if flaw is None])
    if not fits:
        _, flaw = max(flawed, key=lambda pair: (pair[1].passed, len(pair[0])))
        raise flaw.error(flaw.explanation, study.study_uid)
    return (
        *((_fit(one, fits[0]), one.volume) for one in fits),
        *((_unfit(stack, flaw), None) for stack, flaw in flawed),
    )


def _study(study_uid: str, slices: Sequence[SliceHeader], warnings: tuple[str, ...]) -> Study | StudyError:
    if not all(is_uid(uid) for one in slices for uid in (study_uid, one.series_uid, one.sop_uid)):
        known = study_uid if is_uid(study_uid) else None
        return InvalidUid("A Study, Series or SOP Instance UID is missing or is no UID.", known)
    if len({one.patient_key for one in slices}) > 1:
        return MixedPatients("One Study Instance UID holds slices of several patients.", study_uid)
    by_series: dict[str, list[SliceHeader]] = defaultdict(list)
    for one in slices:
        by_series[one.series_uid].append(one)
    series = tuple(Series(study_uid, uid, tuple(own)) for uid, own in sorted(by_series.items()))
    return Study(study_uid, series, warnings)


def _stacks(series: Series) -> list[list[SliceHeader]]:
    # One Series Instance UID may hold a localiser and reformats beside the scan: each grid is a stack of its own.
    stacks: dict[tuple[object, ...], list[SliceHeader]] = defaultdict(list)
    for one in series.slices:
        orientation = one.orientation and tuple(round(part, 2) for vector in one.orientation for part in vector)
        size = one.pixels and (one.pixels.rows, one.pixels.columns)
        stacks[one.modality, one.localiser, size, orientation].append(one)
    return sorted(stacks.values(), key=lambda stack: min((one.sop_uid, one.frame) for one in stack))


def _fit(fit: Fit, best: Fit) -> Candidate:
    volume, chosen = fit.volume, fit is best
    reason, explanation = ("chosen", "The best axial series of the study.") if chosen else why_not(fit, best)
    spacing_mm = round(volume.geometry.spacing_mm[0], 3)
    kernel = volume.slices[0].kernel
    return Candidate(volume.series_uid, len(volume), kernel, spacing_mm, chosen, reason, explanation)


def _unfit(stack: Sequence[SliceHeader], flaw: Flaw) -> Candidate:
    return Candidate(stack[0].series_uid, len(stack), stack[0].kernel, None, False, flaw.code, flaw.explanation)


def _warnings(headers: Headers) -> tuple[str, ...]:
    broken = sum(one.code == BrokenDicom.code for one in headers.skipped)
    copies = sum(one.code == "duplicate" for one in headers.skipped)
    said = (
        (broken, "{} DICOM file(s) of the upload could not be read."),
        (copies, "{} file(s) that repeat another one were left out."),
    )
    return tuple(words.format(count) for count, words in said if count)

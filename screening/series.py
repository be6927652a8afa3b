"""Series selection: slices of an upload -> studies -> stacks in order of preference, each with the reason for its rank.

A stack is the slices of one series that have one orientation and one matrix size.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from screening.errors import BrokenDicom, InvalidUid, MixedPatients, StudyError
from screening.headers import Headers
from screening.series_preference import SuitableStack, rejection, sort_by_preference
from screening.series_suitability import RuleViolation, first_violation
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
    """The studies of an upload, sorted by UID; an invalid one is replaced by its error, InvalidUid or MixedPatients."""
    by_study: dict[str, list[SliceHeader]] = defaultdict(list)
    for one in headers.slices:
        by_study[one.study_uid].append(one)
    warnings = _warnings(headers)
    return tuple(_study(uid, slices, warnings) for uid, slices in sorted(by_study.items()))


def rank(study: Study) -> tuple[tuple[Candidate, Volume | None], ...]:
    """Every stack of the study, the best first; those that can be screened have their volume.

    When none can, raises the error of the stack that passed the most rules of `screening.series_suitability`.
    """
    checked = [(stack, first_violation(stack)) for series in study.series for stack in _stacks(series)]
    unsuitable = [(stack, violation) for stack, violation in checked if violation is not None]
    suitable = sort_by_preference([Volume.of(stack) for stack, violation in checked if violation is None])
    if not suitable:
        _, violation = max(unsuitable, key=lambda pair: (pair[1].passed, len(pair[0])))
        raise violation.error(violation.explanation, study.study_uid)
    return (
        *((_suitable(one, suitable[0]), one.volume) for one in suitable),
        *((_unsuitable(stack, violation), None) for stack, violation in unsuitable),
    )


def _study(study_uid: str, slices: Sequence[SliceHeader], warnings: tuple[str, ...]) -> Study | StudyError:
    if not all(is_uid(uid) for one in slices for uid in (study_uid, one.series_uid, one.sop_uid)):
        known = study_uid if is_uid(study_uid) else None
        return InvalidUid("A Study, Series or SOP Instance UID is missing or is not a valid UID.", known)
    if len({one.patient_key for one in slices}) > 1:
        return MixedPatients("One Study Instance UID holds slices of several patients.", study_uid)
    by_series: dict[str, list[SliceHeader]] = defaultdict(list)
    for one in slices:
        by_series[one.series_uid].append(one)
    series = tuple(Series(study_uid, uid, tuple(own)) for uid, own in sorted(by_series.items()))
    return Study(study_uid, series, warnings)


def _stacks(series: Series) -> list[list[SliceHeader]]:
    # One series may hold a localiser and reformatted slices beside the scan: each orientation and size is one stack.
    stacks: dict[tuple[object, ...], list[SliceHeader]] = defaultdict(list)
    for one in series.slices:
        orientation = one.orientation and tuple(round(part, 2) for vector in one.orientation for part in vector)
        size = one.pixels and (one.pixels.rows, one.pixels.columns)
        stacks[one.modality, one.localiser, size, orientation].append(one)
    return sorted(stacks.values(), key=lambda stack: min((one.sop_uid, one.frame) for one in stack))


def _suitable(stack: SuitableStack, best: SuitableStack) -> Candidate:
    volume, chosen = stack.volume, stack is best
    reason, explanation = ("chosen", "The best axial series of the study.") if chosen else rejection(stack, best)
    spacing_mm = round(volume.geometry.spacing_mm[0], 3)
    kernel = volume.slices[0].kernel
    return Candidate(volume.series_uid, len(volume), kernel, spacing_mm, chosen, reason, explanation)


def _unsuitable(stack: Sequence[SliceHeader], violation: RuleViolation) -> Candidate:
    first = stack[0]
    return Candidate(first.series_uid, len(stack), first.kernel, None, False, violation.code, violation.explanation)


def _warnings(headers: Headers) -> tuple[str, ...]:
    broken = sum(one.code == BrokenDicom.code for one in headers.skipped)
    copies = sum(one.code == "duplicate" for one in headers.skipped)
    warnings = (
        (broken, "{} DICOM file(s) of the upload could not be read."),
        (copies, "{} file(s) that repeat another one were left out."),
    )
    return tuple(text.format(count) for count, text in warnings if count)

"""Which study, series and instance every slice of an upload is of, with a proper UID for each.

De-identified data often have UIDs that are none (UUIDs, 72 characters), are empty, differ from file to file or are the
same in all. That makes no slice worthless: what belongs together is told by what is there, and every object gets a UID
derived from it (PS3.5 B.2). A UID that is none is never repeated, for it may hold anything.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

from screening.dicom.derived_uids import derived_uid
from screening.dicom.part10 import pixel_bytes
from screening.dicom.persons import persons_of
from screening.dicom.slice_header import SliceHeader, is_uid
from screening.errors import IntakeError

LEAST_LOST: Final = 12  # so many studies or series of one slice each are one whose UID was lost; fewer may be right

_NO_UID: Final = "The {} is missing or is no valid UID; another one was derived."
_LOST: Final = "The {} is another one in every file, as after de-identification; slices of one grid were put together."
_REPEATED: Final = "The SOP Instance UID is that of other slices, too, and they are no copies; another one was derived."

# What a copy of a file may have of its own; `pixels` holds the place in the file.
_OWN: Final = frozenset({"member", "pixels", "study_uid", "series_uid", "sop_uid", "patient_key", "oddities"})
_FACTS: Final = tuple(field.name for field in fields(SliceHeader) if field.name not in _OWN)

Slices = Sequence[SliceHeader]


def facts_of(one: SliceHeader) -> tuple[object, ...]:
    """All that a slice says of itself but for its UIDs, its patient and its place in the file."""
    size = one.pixels and (one.pixels.rows, one.pixels.columns, one.pixels.frames)
    return (size, *(getattr(one, name) for name in _FACTS))


def identified(slices: Slices) -> tuple[SliceHeader, ...]:
    """The slices in their order with proper UIDs; what was odd stands in their `oddities`."""
    persons = persons_of(one.patient_key for one in slices)
    series_of = {one.series_uid: one.study_uid for one in slices if one.study_uid and one.series_uid}
    slices = [one if one.study_uid else replace(one, study_uid=series_of.get(one.series_uid, "")) for one in slices]
    slices = _with_uids(slices, _Level("study_uid", "Study Instance UID", lambda one: persons[one.patient_key], _study))
    slices = _with_known_series(slices)
    slices = _with_uids(slices, _Level("series_uid", "Series Instance UID", lambda one: one.study_uid, _series))
    return tuple(_with_instances(slices))


def _with_known_series(slices: Slices) -> Slices:
    """Slices without a Series Instance UID are of the series on their grid, where the study has one such series."""
    known: dict[tuple[Hashable, ...], set[str]] = defaultdict(set)
    for one in slices:
        known[_grid(one, one.study_uid)].add(one.series_uid)

    def found(one: SliceHeader) -> SliceHeader:
        others = known[_grid(one, one.study_uid)] - {""}
        if one.series_uid or len(others) != 1:
            return one
        oddity = _NO_UID.format("Series Instance UID")
        return replace(one, series_uid=next(iter(others)), oddities=(*one.oddities, oddity))

    return [found(one) for one in slices]


@dataclass(frozen=True)
class _Level:
    """Study or series: the field, its name, within what its objects may be put together, and how a UID is derived."""

    field: str
    name: str
    within: Callable[[SliceHeader], str]
    parts: Callable[[Slices], tuple[object, ...]]

    def told(self, one: SliceHeader) -> str:
        return str(getattr(one, self.field))


def _with_uids(slices: Slices, level: _Level) -> list[SliceHeader]:
    lost = _lost(slices, level)
    keys = [lost.get(level.told(one)) or level.told(one) or (level.within(one), one.modality) for one in slices]
    groups: dict[Hashable, list[SliceHeader]] = defaultdict(list)
    for key, one in zip(keys, slices, strict=True):
        groups[key].append(one)
    uids = {
        key: key if isinstance(key, str) and is_uid(key) else derived_uid(level.field, *level.parts(group))
        for key, group in groups.items()
    }
    return [_changed(one, level, uids[key], level.told(one) in lost) for key, one in zip(keys, slices, strict=True)]


def _changed(one: SliceHeader, level: _Level, uid: str, lost: bool) -> SliceHeader:
    if level.told(one) == uid:
        return one
    oddity = (_LOST if lost else _NO_UID).format(level.name)
    return replace(one, **{level.field: uid}, oddities=(*one.oddities, oddity))  # type: ignore[arg-type]


def _lost(slices: Slices, level: _Level) -> dict[str, tuple[Hashable, ...]]:
    """The UIDs that stand in one slice each and are many on one grid -> that grid."""
    counts = Counter(level.told(one) for one in slices)
    alone = {level.told(one): _grid(one, level.within(one)) for one in slices if counts[level.told(one)] == 1}
    alone.pop("", None)
    grids = Counter(alone.values())
    return {uid: grid for uid, grid in alone.items() if grids[grid] >= LEAST_LOST}


def _grid(one: SliceHeader, whole: str) -> tuple[Hashable, ...]:
    """What slices of one scan have in common; where no `whole` is known to hold them, their place in the plane, too."""
    size = one.pixels and (one.pixels.rows, one.pixels.columns)
    spacing = one.spacing_mm and tuple(round(mm, 3) for mm in one.spacing_mm)
    corner = None if whole else one.position and tuple(round(mm, 1) for mm in one.position[:2])
    return whole, one.modality, size, spacing, corner


def _study(group: Slices) -> tuple[object, ...]:
    for field in ("study_uid", "series_uid", "sop_uid"):
        if told := sorted({str(getattr(one, field)) for one in group} - {""}):
            return tuple(told)
    return (_pixel_digest(min(group, key=lambda one: repr(facts_of(one)))),)


def _series(group: Slices) -> tuple[object, ...]:
    told = sorted({one.series_uid for one in group} - {""})
    return (group[0].study_uid, *(told or (group[0].modality,)))


def _pixel_digest(one: SliceHeader) -> str:
    try:
        data = pixel_bytes(one.member, one.pixels.span) if one.pixels else b""
    except IntakeError:  # told when the slice is decoded
        data = b""
    return hashlib.sha256(data).hexdigest()


def _with_instances(slices: Slices) -> list[SliceHeader]:
    """Each file with an instance UID of its own; the frames of a multi-frame object share it."""
    files = {_instance_of(one): one for one in reversed(slices)}  # the first frame of each
    told = Counter((one.series_uid, one.sop_uid) for one in files.values())
    uids: dict[tuple[int, str], str] = {}
    taken: Counter[str] = Counter()
    for key, one in reversed(files.items()):
        parts = ("instance", one.study_uid, one.series_uid, one.sop_uid, facts_of(one))
        if is_uid(one.sop_uid) and told[one.series_uid, one.sop_uid] == 1:
            uids[key] = one.sop_uid
        else:
            taken[derived_uid(*parts)] += 1
            uids[key] = derived_uid(*parts, taken[derived_uid(*parts)])
    return [_with_instance(one, uids[_instance_of(one)]) for one in slices]


def _instance_of(one: SliceHeader) -> tuple[int, str]:
    return id(one.member), one.sop_uid


def _with_instance(one: SliceHeader, uid: str) -> SliceHeader:
    if uid == one.sop_uid:
        return one
    oddity = _REPEATED if is_uid(one.sop_uid) else _NO_UID.format("SOP Instance UID")
    return replace(one, sop_uid=uid, oddities=(*one.oddities, oddity))

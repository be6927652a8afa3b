"""The patient of a study: two in one series are an error, a stray object of another one is left out."""

from collections import defaultdict
from collections.abc import Sequence

from screening.dicom.persons import persons_of
from screening.dicom.slice_header import SliceHeader
from screening.errors import MixedPatients

MIN_SCAN_SLICES = 12  # CT slices in a series; a dose report or a capture has fewer

Slices = Sequence[SliceHeader]


def of_one_patient(slices: Slices, study_uid: str) -> tuple[tuple[SliceHeader, ...], tuple[str, ...]]:
    """The slices of the study's patient, and a warning where others were left out.

    Raises MixedPatients for two patients in one series, or with a scan each.
    """
    persons = persons_of(one.patient_key for one in slices)
    groups: dict[tuple[object, ...], list[SliceHeader]] = defaultdict(list)
    for one in slices:
        groups[_group(one)].append(one)
    known = [{persons[one.patient_key] for one in group} - {""} for group in groups.values()]
    if any(len(some) > 1 for some in known):
        raise MixedPatients("One series holds slices of several patients (Patient ID or name differ).", study_uid)
    scanned = {person for some, group in zip(known, groups.values(), strict=True) if _is_scan(group) for person in some}
    everybody = set().union(*known)
    if len(everybody) <= 1:
        return tuple(slices), ()
    if len(scanned) != 1:
        raise MixedPatients("One study holds series of several patients (Patient ID or name differ).", study_uid)
    own = tuple(one for one in slices if persons[one.patient_key] in {"", *scanned})
    strays = {one.series_uid for one in slices} - {one.series_uid for one in own}
    count = max(1, len(strays))
    return own, (f"{count} series of another patient (Patient ID or name) were left out: {_words(slices, own)}.",)


def _group(one: SliceHeader) -> tuple[object, ...]:
    """A series, less what some writers put under its UID: captures, reports and structure sets."""
    size = one.pixels and (one.pixels.rows, one.pixels.columns)
    return one.series_uid, one.modality, size, one.position is None


def _is_scan(group: Slices) -> bool:
    return group[0].modality == "CT" and group[0].position is not None and len(group) >= MIN_SCAN_SLICES


def _words(slices: Slices, own: Slices) -> str:
    return f"{len(slices) - len(own)} file(s) or frame(s)"

"""Headers: the members of an upload -> one `SliceHeader` for every slice in it, and why the rest was skipped."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from screening.budgets import Budgets
from screening.errors import BrokenDicom, NotDicom
from screening.functional_groups import frames_elements
from screening.header_fields import layout_of, slice_of
from screening.nifti import SNIFF_BYTES, is_nifti, nifti_slices
from screening.part10 import read_head
from screening.slice_header import SliceHeader
from screening.upload_members import Member


@dataclass(frozen=True)
class Skipped:
    """A file that is no slice: its neutral name, a stable code and the reason in words."""

    name: str
    code: str
    reason: str


@dataclass(frozen=True)
class Headers:
    """All slices of an upload, in the order of its members, and what was skipped."""

    slices: tuple[SliceHeader, ...]
    skipped: tuple[Skipped, ...]


def read_headers(members: Sequence[Member], budgets: Budgets) -> Headers:
    """Read the head of every member; pixels are not touched.

    Raises NotDicom or BrokenDicom when nothing is left, OverBudget when a header promises too many pixels, and
    BrokenArchive when a packed member cannot be unpacked.
    """
    salt = secrets.token_bytes(16)
    slices: dict[tuple[str, str, str, int], SliceHeader] = {}
    skipped: list[Skipped] = []
    for member in members:
        try:
            found = list(_slices(member, budgets, salt))
        except (NotDicom, BrokenDicom) as error:
            skipped.append(Skipped(member.label, error.code, error.detail))
            continue
        # PS3.5 9: a SOP Instance UID is unique, so the second file with it is a copy (PACS exports often hold some).
        keys = [(one.study_uid, one.series_uid, one.sop_uid, one.frame) for one in found]
        if keys[0] in slices:
            skipped.append(Skipped(member.label, "duplicate", "Another file has the same SOP Instance UID."))
            continue
        slices.update(zip(keys, found, strict=True))
    if not slices:
        raise _nothing_read(skipped)
    return Headers(tuple(slices.values()), tuple(skipped))


def _nothing_read(skipped: list[Skipped]) -> NotDicom | BrokenDicom:
    broken = [one for one in skipped if one.code == BrokenDicom.code]
    return BrokenDicom(broken[0].reason) if broken else NotDicom("The upload holds no DICOM slice.")


def _slices(member: Member, budgets: Budgets, salt: bytes) -> Iterator[SliceHeader]:
    if is_nifti(member.head(SNIFF_BYTES)):
        yield from nifti_slices(member, budgets)
        return
    head = read_head(member, budgets)
    if "DirectoryRecordSequence" in head.dataset:  # PS3.3 F.3
        raise NotDicom("A DICOMDIR lists files and holds no slice.")
    if head.pixels is None and "StudyInstanceUID" not in head.dataset:
        raise BrokenDicom("A DICOM file ends before it names its study.")
    layout = layout_of(head, budgets)
    for frame, elements in enumerate(frames_elements(head.dataset, layout.frames if layout else 1)):
        yield slice_of(member, frame, layout, elements, salt)

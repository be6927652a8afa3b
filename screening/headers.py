"""Headers: the members of an upload -> one `SliceHeader` for every slice, and the files that were skipped."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from screening.budgets import Budgets
from screening.errors import BrokenDicom, NotDicom
from screening.functional_groups import elements_by_frame
from screening.header_fields import pixel_layout, slice_of
from screening.nifti import SIGNATURE_BYTES, is_nifti, nifti_slices
from screening.part10 import read_file_header
from screening.slice_header import SliceHeader
from screening.upload_members import Member


@dataclass(frozen=True)
class SkippedFile:
    """A file that is not a slice: its neutral label, a stable code and the reason as text."""

    name: str
    code: str
    reason: str


@dataclass(frozen=True)
class Headers:
    """All slices of an upload, in the order of its members, and the skipped files."""

    slices: tuple[SliceHeader, ...]
    skipped: tuple[SkippedFile, ...]


def read_headers(members: Sequence[Member], budgets: Budgets) -> Headers:
    """Read the header of every member; pixels are not read.

    Raises NotDicom or BrokenDicom when there is no slice, OverBudget when a header declares too many pixels, and
    BrokenArchive when a compressed member cannot be unpacked.
    """
    salt = secrets.token_bytes(16)
    slices: dict[tuple[str, str, str, int], SliceHeader] = {}
    skipped: list[SkippedFile] = []
    for member in members:
        try:
            found = list(_slices(member, budgets, salt))
        except (NotDicom, BrokenDicom) as error:
            skipped.append(SkippedFile(member.label, error.code, error.detail))
            continue
        # PS3.5 9: a SOP Instance UID is unique, so a second file with it is a copy; PACS exports often hold some.
        keys = [(one.study_uid, one.series_uid, one.sop_uid, one.frame) for one in found]
        if keys[0] in slices:
            skipped.append(SkippedFile(member.label, "duplicate", "Another file has the same SOP Instance UID."))
            continue
        slices.update(zip(keys, found, strict=True))
    if not slices:
        raise _nothing_read(skipped)
    return Headers(tuple(slices.values()), tuple(skipped))


def _nothing_read(skipped: list[SkippedFile]) -> NotDicom | BrokenDicom:
    broken = [one for one in skipped if one.code == BrokenDicom.code]
    return BrokenDicom(broken[0].reason) if broken else NotDicom("The upload holds no DICOM slice.")


def _slices(member: Member, budgets: Budgets, salt: bytes) -> Iterator[SliceHeader]:
    if is_nifti(member.first_bytes(SIGNATURE_BYTES)):
        yield from nifti_slices(member, budgets)
        return
    head = read_file_header(member, budgets)
    if "DirectoryRecordSequence" in head.dataset:  # PS3.3 F.3
        raise NotDicom("A DICOMDIR lists files and holds no slice.")
    if head.pixels is None and "StudyInstanceUID" not in head.dataset:
        raise BrokenDicom("A DICOM file has no Study Instance UID and no pixels; it may be cut off.")
    layout = pixel_layout(head, budgets)
    for frame, elements in enumerate(elements_by_frame(head.dataset, layout.frames if layout else 1)):
        yield slice_of(member, frame, layout, elements, salt)

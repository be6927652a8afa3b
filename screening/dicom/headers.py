"""Headers: the members of an upload -> one `SliceHeader` for every slice, and the files that were skipped."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from screening.dicom.bounded_reading import FRAME, HeaderReads
from screening.dicom.functional_groups import elements_by_frame
from screening.dicom.header_fields import pixel_layout, slice_of
from screening.dicom.identity import facts_of, identified
from screening.dicom.part10 import NOT_DICOM, read_file_header
from screening.dicom.pydicom_logging import suppress_pydicom_warnings
from screening.dicom.slice_header import SliceHeader
from screening.errors import BrokenDicom, HeaderOverBudget, IntakeError, NotDicom, OverBudget, UnsupportedArchive
from screening.intake.budgets import Budgets
from screening.intake.file_signature import is_dicom, is_nifti, may_be_slice
from screening.intake.foreign_formats import named
from screening.intake.upload_members import Member

# What one file is skipped for, the reason that says most first. A hole that it leaves is found by the geometry.
_SKIPPED: Final[tuple[type[IntakeError], ...]] = (HeaderOverBudget, BrokenDicom, UnsupportedArchive, NotDicom)
_NO_SLICE = "The upload holds no DICOM slice."


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


@suppress_pydicom_warnings()  # once for all files
def read_headers(members: Sequence[Member], budgets: Budgets, sent_bytes: int | None = None) -> Headers:
    """Read the header of every member; pixels are not read.

    `sent_bytes` is the size of the upload as it was sent; by default that of its members, unpacked. Raises NotDicom,
    BrokenDicom or HeaderOverBudget when there is no slice, OverBudget when a header declares too many pixels or the
    headers hold too many elements, and BrokenArchive when a compressed member cannot be unpacked.
    """
    salt = secrets.token_bytes(16)
    reads = HeaderReads(sum(member.size for member in members) if sent_bytes is None else sent_bytes)
    slices: dict[tuple[object, ...], SliceHeader] = {}
    skipped: list[SkippedFile] = []
    for member in members:
        try:
            found = list(_slices(member, budgets, reads, salt))
        except _SKIPPED as error:
            skipped.append(SkippedFile(member.label, error.code, error.detail))
            continue
        keys = [_key(one) for one in found]
        if found[0].sop_uid and keys[0] in slices:
            skipped.append(SkippedFile(member.label, "duplicate", "Another file is the same slice."))
            continue
        slices.update(zip(keys, found, strict=True))
        if len(slices) > budgets.members:
            raise OverBudget(f"The headers declare more than {budgets.members} slices.")
    if not slices:
        raise _nothing_read(skipped)
    return Headers(identified(tuple(slices.values())), tuple(skipped))


def _key(one: SliceHeader) -> tuple[object, ...]:
    """PS3.5 9: a SOP Instance UID is unique, so a second file with it is a copy; PACS exports often hold some.

    De-identification may give one UID to all files, so a copy must say the same of its position as well. A file without
    UID has no copy.
    """
    own = () if one.sop_uid else (one.member.label,)
    return one.study_uid, one.series_uid, one.sop_uid, one.frame, facts_of(one), *own


def _nothing_read(skipped: list[SkippedFile]) -> IntakeError:
    """The error of an upload without a slice: what says most of its files."""
    for kind in _SKIPPED:
        for one in skipped:
            if one.code == kind.code and one.reason != NOT_DICOM:
                return kind(one.reason)
    return NotDicom(_NO_SLICE)


def _slices(member: Member, budgets: Budgets, reads: HeaderReads, salt: bytes) -> Iterator[SliceHeader]:
    start = member.start
    if is_nifti(start):
        from screening.dicom.nifti import nifti_slices  # nibabel: a tenth of a second, for rare uploads

        reads.begin_file(member.size)
        for one in nifti_slices(member, budgets):
            reads.spend(FRAME)
            yield one
        return
    if not is_dicom(start) and (error := named(start)):
        raise error
    if not may_be_slice(start):
        raise NotDicom(NOT_DICOM)
    head = read_file_header(member, budgets, reads)
    if "DirectoryRecordSequence" in head.dataset:  # PS3.3 F.3
        raise NotDicom("A DICOMDIR lists files and holds no slice.")
    if head.pixels is None and "StudyInstanceUID" not in head.dataset:
        raise BrokenDicom("A DICOM file has no Study Instance UID and no pixels; it may be cut off.")
    layout = pixel_layout(head, budgets)
    if layout and layout.frames > 1:
        reads.spend(layout.frames * FRAME)
    for frame, elements in enumerate(elements_by_frame(head, layout.frames if layout else 1)):
        yield slice_of(member, frame, layout, elements, salt)

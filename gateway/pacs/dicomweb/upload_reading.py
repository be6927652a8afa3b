"""Reads an upload for its catalogues. Runs in a decode worker; files that are no DICOM, and NIfTI, are passed over.

Listed is only what an archive could list: objects with valid Study, Series and SOP Instance UIDs of their own, each in
one file of the upload, in a study of one patient.
"""

import secrets
import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from gateway.pacs.dicomweb.attributes import INSTANCE
from gateway.pacs.dicomweb.catalogue import Instance, Place
from gateway.pacs.dicomweb.dicom_json import Json, chosen
from gateway.pacs.dicomweb.header_json import HeaderConverter
from gateway.result_objects.source_identity import is_writable_uid
from screening.dicom.bounded_reading import HeaderReads
from screening.dicom.element_values import Elements
from screening.dicom.header_fields import pixel_layout
from screening.dicom.part10 import FileHeader, read_file_header
from screening.dicom.persons import person_key, persons_of
from screening.dicom.pydicom_logging import suppress_pydicom_warnings
from screening.errors import IntakeError, OverBudget
from screening.intake.budgets import Budgets
from screening.intake.file_signature import is_dicom, is_nifti
from screening.intake.foreign_formats import named
from screening.intake.upload import open_upload
from screening.intake.upload_members import ArchiveEntry, Member

_LOCAL_HEADER: Final = struct.Struct("<26xHH")  # APPNOTE 4.3.7: lengths of name and extra field, at its end
_UIDS: Final = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")


@dataclass(frozen=True)
class ReadInstance:
    """An instance of an upload with the UIDs of its study and series, and its header as DICOM JSON."""

    study_uid: str
    series_uid: str
    person: str = field(repr=False)
    instance: Instance
    header: Json = field(repr=False)


def read_instances(path: Path, scratch: Path, budgets: Budgets, copies_at: Path) -> Iterator[ReadInstance]:
    """Every object of the upload at `path` with valid UIDs, in the order of its files.

    What lies packed in the upload is copied into the file `copies_at`, which is made only then. Raises the IntakeError
    of an upload that cannot be opened, OverBudget when its headers hold too much.
    """
    members = open_upload(path, scratch, budgets)
    reads = HeaderReads(path.stat().st_size if path.is_file() else sum(member.size for member in members))
    salt, converter = secrets.token_bytes(16), HeaderConverter()
    with _Copies(path, copies_at) as copies:
        for member in members:
            head = _head(member, budgets, reads)
            uids = head and _uids(head)
            if head and uids:
                header = converter.json_of(head)
                instance = _instance(member, head, header, budgets, copies)
                yield ReadInstance(uids[0], uids[1], _person(head, salt), instance, header)


def of_one_patient(found: Iterable[ReadInstance]) -> dict[str, list[ReadInstance]]:
    """The instances of each study; a study of several patients is left out, for it can be of none of them."""
    studies: dict[str, list[ReadInstance]] = defaultdict(list)
    for one in found:
        studies[one.study_uid].append(one)
    persons = persons_of(one.person for some in studies.values() for one in some)
    return {uid: some for uid, some in studies.items() if len({persons[one.person] for one in some} - {""}) <= 1}


def unambiguous(found: Sequence[ReadInstance]) -> list[ReadInstance]:
    """One instance for each SOP Instance UID; none where objects that differ share it (PS3.5 9)."""
    by_uid: dict[str, list[ReadInstance]] = defaultdict(list)
    for one in found:
        by_uid[one.instance.uid].append(one)
    return [some[0] for some in by_uid.values() if all(_same(one, some[0]) for one in some)]


def _same(one: ReadInstance, other: ReadInstance) -> bool:
    return (one.series_uid, one.header) == (other.series_uid, other.header)


def _head(member: Member, budgets: Budgets, reads: HeaderReads) -> FileHeader | None:
    """The header of a DICOM file; None for any other, and for one that cannot be read."""
    start = member.start
    if is_nifti(start) or (not is_dicom(start) and named(start)):  # a data set may have no preamble
        return None
    try:
        head = read_file_header(member, budgets, reads)
    except OverBudget:
        raise
    except IntakeError:
        return None
    return None if "DirectoryRecordSequence" in head.dataset else head


def _uids(head: FileHeader) -> tuple[str, str] | None:
    """Study and Series Instance UID when all UIDs of the object may stand in a message; else None."""
    elements = Elements(head.dataset)
    study, series, sop = (elements.text(keyword) for keyword in _UIDS)
    with suppress_pydicom_warnings():
        valid = all(map(_is_valid_uid, (study, series, sop, elements.text("SOPClassUID"), head.transfer_syntax)))
    return (study, series) if valid else None


def _instance(member: Member, head: FileHeader, header: Json, budgets: Budgets, copies: "_Copies") -> Instance:
    elements = Elements(head.dataset)
    try:
        layout = pixel_layout(head, budgets)
    except IntakeError:
        layout = None  # listed, and its frames are an error
    return Instance(
        uid=elements.text("SOPInstanceUID"),
        sop_class=elements.text("SOPClassUID"),
        transfer_syntax=head.transfer_syntax,
        is_part10=is_dicom(member.start),
        frames=layout.frames if layout else 0,
        place=copies.place_of(member),
        pixels=head.pixels,
        attributes=chosen(header, INSTANCE),
    )


def _person(head: FileHeader, salt: bytes) -> str:
    elements = Elements(head.dataset)
    (id_, _), (name, _) = elements.data("PatientID"), elements.data("PatientName")
    return person_key(id_, name, elements.texts("SpecificCharacterSet"), salt)


@lru_cache(maxsize=64)
def _is_valid_uid(uid: str) -> bool:
    """Most UIDs of a slice are those of the slice before."""
    return is_writable_uid(uid)


class _Copies:
    """The file of copies beside an upload, for what does not lie in the upload itself."""

    def __init__(self, upload: Path, target: Path) -> None:
        self._upload = upload
        self._target = target
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()

    def place_of(self, member: Member) -> Place:
        if member.path != self._upload:
            return self._copied(member)
        entry = member.packed or ArchiveEntry(0, member.size)
        begin = entry.offset + (_local_header_bytes(member.path, entry.offset) if entry.local_header else 0)
        return Place(False, begin, entry.length, entry.packing, entry.checksum, member.size)

    def _copied(self, member: Member) -> Place:
        if self._file is None:
            self._file = self._target.open("xb")
        begin = self._file.tell()
        for chunk in member.chunks():
            self._file.write(chunk)
        return Place(True, begin, member.size, 0, None, member.size)


def _local_header_bytes(path: Path, offset: int) -> int:
    with path.open("rb") as file:
        file.seek(offset)
        name, extra = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    return _LOCAL_HEADER.size + int(name) + int(extra)

"""The header of a DICOM file, with or without its Part-10 preamble: the elements before Pixel Data, and its offset.

`data_set_reading` reads the elements. Preamble, transfer syntax and deflated data sets are read here, because a hostile
deflated data set must be inflated within a limit, and a header must be read from the first bytes of a zipped file.
"""

import re
import threading
from dataclasses import dataclass, replace

from isal import isal_zlib as zlib
from pydicom import config
from pydicom.dataset import Dataset
from pydicom.filereader import data_element_offset_to_value
from pydicom.tag import BaseTag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from screening.dicom.bounded_reading import HeaderReads
from screening.dicom.data_set_reading import Encoding, UnknownVr, read_data_set
from screening.dicom.pydicom_logging import PARSE_ERRORS, suppress_pydicom_warnings
from screening.errors import BrokenDicom, NotDicom, OverBudget
from screening.intake.budgets import MIB, Budgets
from screening.intake.inflate_stream import RAW, BrokenStream, inflate
from screening.intake.upload_members import Member

NOT_DICOM = "The file is not DICOM."
FIRST_BYTES = 8 * 1024  # headers of real studies are 2 to 6 KiB; 16 KiB takes 2 ms more for 64 slices of a zip
MAX_BYTES = 64 * MIB  # an Enhanced CT has about 2 KiB a frame
_GROWTH = 16
_PREAMBLE = 132
_IDENTIFYING_GROUP = b"\x08\x00"  # the first elements of a data set
_PIXEL_DATA = 0x7FE00010
_BEFORE_PIXELS = range(0x7FE00008)  # float, double float and plain Pixel Data follow each other
_META = Encoding(implicit=False, little_endian=True, strict=False)  # PS3.10 7.1
_META_TAGS = range(0x00020000, 0x00030000)
_TRANSFER_SYNTAX = BaseTag(0x00020010)
_UID_BYTES = re.compile(rb"([0-9]+(?:\.[0-9]+)*)[\0 ]?")
_UNDEFINED = 0xFFFFFFFF
_ONE_SWITCH = threading.Lock()


@dataclass(frozen=True)
class PixelSpan:
    """Byte range of Pixel Data: `length` is None when encapsulated; a deflated data set begins at `deflated_from`."""

    offset: int
    length: int | None
    deflated_from: int | None = None


@dataclass(frozen=True)
class FileHeader:
    """The elements before Pixel Data; `pixels` is None when the file has none.

    The data set begins at `begins_at` in the file, after the file meta information.
    `reads` is what is left for its sequences, which pydicom reads when they are asked for.
    """

    dataset: Dataset
    transfer_syntax: str
    pixels: PixelSpan | None
    reads: HeaderReads
    begins_at: int = 0


@dataclass(frozen=True)
class _Encoded:
    """A data set that begins at `start` of `data`; `total` bytes long when all of them are there."""

    data: bytes
    start: int
    syntax: str
    total: int
    deflated_from: int | None = None


class _Incomplete(Exception):
    """The bytes read so far end before Pixel Data begins."""


def read_file_header(member: Member, budgets: Budgets, reads: HeaderReads | None = None) -> FileHeader:
    """The header of `member`, read with what is left of `reads`; by default with what its size allows.

    Raises NotDicom, BrokenDicom (cut off, unreadable) or OverBudget (deflated bomb, too many elements).
    """
    reads = reads or HeaderReads(member.size)
    reads.begin_file(member.size)
    length = FIRST_BYTES
    while True:
        data = member.first_bytes(length)
        try:
            return _parse(data, member.size, budgets, reads)
        except (_Incomplete, *PARSE_ERRORS):
            reads.check()
            if len(data) >= member.size:
                raise BrokenDicom("A DICOM file is cut off in its header, or its header is damaged.") from None
        if length >= MAX_BYTES:
            raise BrokenDicom(f"A DICOM file has a header of more than {MAX_BYTES} bytes.")
        length *= _GROWTH


def pixel_bytes(member: Member, span: PixelSpan) -> bytes:
    """The bytes of the Pixel Data value; when encapsulated, all bytes to the end of the file."""
    data = member.read()
    if span.deflated_from is not None:
        data = zlib.decompress(data[span.deflated_from :], RAW)  # its size was limited when the header was read
    return data[span.offset : None if span.length is None else span.offset + span.length]


def _parse(data: bytes, total: int, budgets: Budgets, reads: HeaderReads) -> FileHeader:
    syntax, start = _transfer_syntax(data, reads)
    if syntax != DeflatedExplicitVRLittleEndian:
        return replace(_read_elements(_Encoded(data, start, syntax, total), reads), begins_at=start)
    if len(data) < total:
        raise _Incomplete
    inflated_set = _inflate(data[start:], budgets.unpacked_limit(len(data) - start))
    head = _read_elements(_Encoded(inflated_set, 0, syntax, len(inflated_set), start), reads)
    return replace(head, begins_at=start)


def _transfer_syntax(data: bytes, reads: HeaderReads) -> tuple[str, int]:
    """The transfer syntax (read or inferred), and the offset of the data set."""
    part10 = data[128:_PREAMBLE] == b"DICM"
    start = _PREAMBLE if part10 else 0
    group = data[start : start + 2]
    if group == b"\x02\x00":
        return _read_meta(data, start, reads)
    # PS3.10 7.1 requires preamble and file meta information, but data sets without them exist; the first element of a
    # CT is of group 0008.
    if group != _IDENTIFYING_GROUP:
        raise BrokenDicom("A DICOM file holds no elements.") if part10 else NotDicom(NOT_DICOM)
    return _seen_syntax(data, start), start


def _read_meta(data: bytes, start: int, reads: HeaderReads) -> tuple[str, int]:
    read = read_data_set(data, start, _META, _META_TAGS, reads)
    with suppress_pydicom_warnings():
        syntax = _plain_uid(read.dataset) or read.dataset.get("TransferSyntaxUID")
    if syntax:
        return str(syntax), read.end
    if data[read.end : read.end + 2] != _IDENTIFYING_GROUP:
        raise _Incomplete
    return _seen_syntax(data, read.end), read.end


def _plain_uid(meta: Dataset) -> str:
    """The transfer syntax without pydicom, which takes 50 us to make a UID of it; "" for what is no plain UID."""
    element = meta.get_item(_TRANSFER_SYNTAX, keep_deferred=True)
    value = getattr(element, "value", None) if getattr(element, "VR", None) == "UI" else None
    found = _UID_BYTES.fullmatch(value) if isinstance(value, bytes) else None
    return found[1].decode("ascii") if found else ""


def _seen_syntax(data: bytes, start: int) -> str:
    """The transfer syntax of a data set that begins at `start` and is named nowhere: its first element shows its VR."""
    vr = data[start + 4 : start + 6]
    return ExplicitVRLittleEndian if vr.isalpha() and vr.isupper() else ImplicitVRLittleEndian


def _read_elements(encoded: "_Encoded", reads: HeaderReads) -> FileHeader:
    try:
        return _read_known(encoded, reads)
    except UnknownVr:
        pass
    # pydicom takes an unknown VR for implicit VR, as some writers switch to within a sequence; at the root of explicit
    # VR it has a length of 16 bits (dcmtk reads it so). The switch is one for all of pydicom.
    with _ONE_SWITCH:
        before, config.assume_implicit_vr_switch = config.assume_implicit_vr_switch, False
        try:
            return _read_known(encoded, reads)
        finally:
            config.assume_implicit_vr_switch = before


def _read_known(encoded: "_Encoded", reads: HeaderReads) -> FileHeader:
    syntax = encoded.syntax
    encoding = Encoding(syntax == ImplicitVRLittleEndian, syntax != ExplicitVRBigEndian, strict=True)
    read = read_data_set(encoded.data, encoded.start, encoding, _BEFORE_PIXELS, reads)
    if read.beyond is None:
        _check_end(read.dataset, read.end, encoded.total)
        return FileHeader(read.dataset, syntax, None, reads)
    tag, vr, length = read.beyond
    offset = read.end + data_element_offset_to_value(bool(read.dataset.original_encoding[0]), vr)
    if length != _UNDEFINED and offset + length > encoded.total:
        raise BrokenDicom("A DICOM file is cut off in its pixel data.")
    span = PixelSpan(offset, None if length == _UNDEFINED else length, encoded.deflated_from)
    return FileHeader(read.dataset, syntax, span if tag == _PIXEL_DATA else None, reads)


def _check_end(dataset: Dataset, read_to: int, total: int) -> None:
    # pydicom accepts a last element whose value is shorter than its declared length.
    last = dataset.get_item(max(dataset.keys()), keep_deferred=True) if len(dataset) else None
    value = getattr(last, "value", None)
    cut = isinstance(value, bytes) and len(value) < getattr(last, "length", 0)
    if cut or read_to < total:
        raise _Incomplete


def _inflate(data: bytes, limit: int) -> bytes:
    chunks: list[bytes] = []
    try:
        for chunk in inflate([data], RAW):
            limit -= len(chunk)
            if limit < 0:
                raise OverBudget("A deflated DICOM file inflates to more bytes than is allowed.")
            chunks.append(chunk)
    except BrokenStream:
        raise BrokenDicom("A deflated DICOM file is damaged or cut off.") from None
    return b"".join(chunks)

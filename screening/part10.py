"""The head of a DICOM file, with or without its Part-10 preamble: the elements before the pixels, and where those lie.

pydicom reads the elements; what surrounds them (preamble, syntax, deflated data sets) is read here, because a hostile
deflated data set must be inflated within a bound, and a header must be read from the first bytes of a zipped file.
64 heads take pydicom 18 ms, and 22 to 30 ms in all, from a folder or a zip: no parser of our own would pay.
"""

import io
from dataclasses import dataclass

from isal import isal_zlib as zlib
from pydicom.dataset import Dataset
from pydicom.filereader import data_element_offset_to_value, read_dataset
from pydicom.tag import BaseTag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from screening.budgets import MIB, Budgets
from screening.errors import BrokenDicom, NotDicom, OverBudget
from screening.inflate_stream import RAW, BrokenStream, inflated
from screening.pydicom_logging import PARSE_ERRORS, quiet_pydicom
from screening.upload_members import Member

FIRST_BYTES = 8 * 1024  # heads of the real studies at hand are 2 to 6 KiB; 16 cost 2 ms more for 64 slices of a zip
MAX_BYTES = 64 * MIB  # an Enhanced CT has about 2 KiB a frame
_GROWTH = 16
_PREAMBLE = 132
_PIXEL_DATA = 0x7FE00010
_ANY_PIXEL_DATA = 0x7FE00008  # float, double float and plain Pixel Data follow each other
_UNDEFINED = 0xFFFFFFFF


@dataclass(frozen=True)
class PixelSpan:
    """Where Pixel Data lies: `length` is None when encapsulated; `deflated_from` is where the deflated part begins."""

    offset: int
    length: int | None
    deflated_from: int | None = None


@dataclass(frozen=True)
class Head:
    """What stands before the pixels. `pixels` is None when there are none."""

    dataset: Dataset
    transfer_syntax: str
    pixels: PixelSpan | None


class _Incomplete(Exception):
    """The bytes in hand end before the pixels do begin."""


def read_head(member: Member, budgets: Budgets) -> Head:
    """The head of `member`; raises NotDicom, BrokenDicom (cut off, unreadable) or OverBudget (deflated bomb)."""
    length = FIRST_BYTES
    while True:
        data = member.head(length)
        try:
            return _parse(data, member.size, budgets)
        except (_Incomplete, *PARSE_ERRORS):
            if len(data) >= member.size:
                raise BrokenDicom("A DICOM file is cut off in its header, or its header is damaged.") from None
        if length >= MAX_BYTES:
            raise BrokenDicom(f"A DICOM file has a header of more than {MAX_BYTES} bytes.")
        length *= _GROWTH


def pixel_bytes(member: Member, span: PixelSpan) -> bytes:
    """The bytes of Pixel Data, from its first one to its last; to the end of the file when encapsulated."""
    data = member.read()
    if span.deflated_from is not None:
        data = zlib.decompress(data[span.deflated_from :], RAW)  # bounded when the head was read
    return data[span.offset : None if span.length is None else span.offset + span.length]


def _parse(data: bytes, total: int, budgets: Budgets) -> Head:
    syntax, start = _transfer_syntax(data)
    if syntax != DeflatedExplicitVRLittleEndian:
        return _read_elements(data, start, syntax, total, None)
    if len(data) < total:
        raise _Incomplete
    inflated_set = _inflate(data[start:], budgets.unpacked_limit(len(data) - start))
    return _read_elements(inflated_set, 0, syntax, len(inflated_set), start)


def _transfer_syntax(data: bytes) -> tuple[str, int]:
    """The transfer syntax (read or guessed), and where the data set begins."""
    part10 = data[128:_PREAMBLE] == b"DICM"
    start = _PREAMBLE if part10 else 0
    group = data[start : start + 2]
    if group == b"\x02\x00":
        return _read_meta(data, start)
    # PS3.10 7.1 demands preamble and meta, yet bare data sets are about; the first element of a CT is of group 0008.
    if group != b"\x08\x00":
        raise BrokenDicom("A DICOM file holds no elements.") if part10 else NotDicom("The file is not DICOM.")
    vr = data[start + 4 : start + 6]
    return (ExplicitVRLittleEndian if vr.isalpha() and vr.isupper() else ImplicitVRLittleEndian), start


def _read_meta(data: bytes, start: int) -> tuple[str, int]:
    file = io.BytesIO(data)
    file.seek(start)
    with quiet_pydicom():
        meta = read_dataset(file, False, True, stop_when=lambda tag, _vr, _length: tag >> 16 != 2)
        syntax = meta.get("TransferSyntaxUID")
    if not syntax:
        raise _Incomplete
    return str(syntax), file.tell()


def _read_elements(data: bytes, start: int, syntax: str, total: int, deflated_from: int | None) -> Head:
    stops: list[tuple[int, str | None, int]] = []

    def at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
        if int(tag) < _ANY_PIXEL_DATA:  # a tag compares in Python, a number does not
            return False
        stops.append((int(tag), vr, length))
        return True

    file = io.BytesIO(data)
    file.seek(start)
    implicit, big = syntax == ImplicitVRLittleEndian, syntax == ExplicitVRBigEndian
    with quiet_pydicom():
        dataset = read_dataset(file, implicit, not big, stop_when=at_pixels)
    if not stops:
        _check_end(dataset, file, total)
        return Head(dataset, syntax, None)
    tag, vr, length = stops[-1]
    offset = file.tell() + data_element_offset_to_value(bool(dataset.original_encoding[0]), vr)
    if length != _UNDEFINED and offset + length > total:
        raise BrokenDicom("A DICOM file is cut off in its pixel data.")
    span = PixelSpan(offset, None if length == _UNDEFINED else length, deflated_from)
    return Head(dataset, syntax, span if tag == _PIXEL_DATA else None)


def _check_end(dataset: Dataset, file: io.BytesIO, total: int) -> None:
    # pydicom takes what is left for the value of the last element, however long it should have been.
    last = dataset.get_item(max(dataset.keys()), keep_deferred=True) if len(dataset) else None
    value = getattr(last, "value", None)
    cut = isinstance(value, bytes) and len(value) < getattr(last, "length", 0)
    if cut or file.tell() < total:
        raise _Incomplete


def _inflate(data: bytes, limit: int) -> bytes:
    pieces: list[bytes] = []
    try:
        for piece in inflated([data], RAW):
            limit -= len(piece)
            if limit < 0:
                raise OverBudget("A deflated DICOM file inflates to more than is allowed.")
            pieces.append(piece)
    except BrokenStream:
        raise BrokenDicom("A deflated DICOM file is damaged or cut off.") from None
    return b"".join(pieces)

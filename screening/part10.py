"""The head of a DICOM file, with or without its Part-10 preamble: the elements before the pixels, and where those lie.

pydicom reads the elements; what surrounds them (preamble, syntax, deflated data sets) is read here, because a hostile
deflated data set must be inflated within a bound, and a header must be read from the first bytes of a zipped file.
"""

import io
import struct
import zlib
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import data_element_offset_to_value, read_dataset
from pydicom.tag import BaseTag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from screening.budgets import Budgets
from screening.errors import BrokenDicom, NotDicom, OverBudget
from screening.members import Member
from screening.quiet import quiet_pydicom

FIRST_BYTES = 16 * 1024  # heads of the real studies at hand are 2 to 6 KiB; growing costs one more read
_GROWTH = 16
_PREAMBLE = 132
_PIXEL_DATA = 0x7FE00010
_ANY_PIXEL_DATA = 0x7FE00008  # float, double float and plain Pixel Data follow each other
_UNDEFINED = 0xFFFFFFFF

# What pydicom raises on bytes that are no elements; RecursionError is a sequence nested a thousand deep.
_PARSE_ERRORS = (
    InvalidDicomError, struct.error, EOFError, OSError, ValueError, LookupError, AttributeError, TypeError,
    NotImplementedError, RecursionError,
)  # fmt: skip


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
        whole = len(data) >= member.size
        try:
            return _parse(data, whole, budgets)
        except _Incomplete:
            if whole:
                raise BrokenDicom("A DICOM file is cut off in its header.") from None
        except _PARSE_ERRORS:
            if whole:
                raise BrokenDicom("A DICOM file has a header that cannot be read.") from None
        length *= _GROWTH


def pixel_bytes(member: Member, span: PixelSpan) -> memoryview:
    """The bytes of Pixel Data, from its first one to its last; to the end of the file when encapsulated."""
    data = member.read()
    if span.deflated_from is not None:
        data = zlib.decompress(data[span.deflated_from :], -zlib.MAX_WBITS)  # bounded when the head was read
    end = len(data) if span.length is None else span.offset + span.length
    return memoryview(data)[span.offset : end]


def _parse(data: bytes, whole: bool, budgets: Budgets) -> Head:
    syntax, start = _transfer_syntax(data)
    if syntax != DeflatedExplicitVRLittleEndian:
        return _read_elements(data, start, syntax, whole, None)
    if not whole:
        raise _Incomplete
    inflated = _inflate(data[start:], budgets.unpacked_limit(len(data) - start))
    return _read_elements(inflated, 0, syntax, True, start)


def _transfer_syntax(data: bytes) -> tuple[str, int]:
    """The transfer syntax (read or guessed), and where the data set begins."""
    start = _PREAMBLE if data[128:_PREAMBLE] == b"DICM" else 0
    if data[start : start + 2] == b"\x02\x00":
        return _read_meta(data, start)
    # PS3.10 7.1 demands the preamble, yet bare data sets are about; a CT's first element is of group 0008.
    if data[start : start + 2] != b"\x08\x00":
        raise NotDicom("The file is not DICOM.")
    explicit = data[start + 4 : start + 6].isalpha() and data[start + 4 : start + 6].isupper()
    return (ExplicitVRLittleEndian if explicit else ImplicitVRLittleEndian), start


def _read_meta(data: bytes, start: int) -> tuple[str, int]:
    file = io.BytesIO(data)
    file.seek(start)
    with quiet_pydicom():
        meta = read_dataset(file, False, True, stop_when=lambda tag, _vr, _length: tag >> 16 != 2)
        syntax = meta.get("TransferSyntaxUID")
    if not syntax:
        raise _Incomplete
    return str(syntax), file.tell()


def _read_elements(data: bytes, start: int, syntax: str, whole: bool, deflated_from: int | None) -> Head:
    stops: list[tuple[int, str | None, int]] = []

    def at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
        if tag < _ANY_PIXEL_DATA:
            return False
        stops.append((int(tag), vr, length))
        return True

    file = io.BytesIO(data)
    file.seek(start)
    implicit, big = syntax == ImplicitVRLittleEndian, syntax == ExplicitVRBigEndian
    with quiet_pydicom():
        dataset = read_dataset(file, implicit, not big, stop_when=at_pixels)
    if not stops:
        _check_end(dataset, file, whole)
        return Head(dataset, syntax, None)
    tag, vr, length = stops[-1]
    offset = file.tell() + data_element_offset_to_value(bool(dataset.original_encoding[0]), vr)
    span = PixelSpan(offset, None if length == _UNDEFINED else length, deflated_from)
    return Head(dataset, syntax, span if tag == _PIXEL_DATA else None)


def _check_end(dataset: Dataset, file: io.BytesIO, whole: bool) -> None:
    last = max(dataset.keys(), default=None)
    element = dataset.get_item(last) if last is not None else None
    cut = (
        element is not None and isinstance(element.value, bytes) and len(element.value) < getattr(element, "length", 0)
    )
    if not whole or cut or file.read(1):
        raise _Incomplete


def _inflate(data: bytes, limit: int) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = inflater.decompress(data, limit)
    except zlib.error:
        raise BrokenDicom("A deflated DICOM file cannot be inflated.") from None
    if inflater.unconsumed_tail:
        raise OverBudget("A deflated DICOM file inflates to more than is allowed.")
    if not inflater.eof:
        raise BrokenDicom("A deflated DICOM file is cut off.")
    return inflated

"""The elements of a data set, as pydicom's `read_dataset` gives them, in a third of its time.

pydicom reads each element by several calls of Python code on a file. What is plain is taken from the bytes here: little
endian, a known VR (or implicit VR), a defined length and all of the value. Every other element is read by pydicom's own
`data_element_generator`, from where it begins, so what is odd is read as pydicom reads it. An element takes as many of
`HeaderReads` as pydicom would.
"""

from functools import cache, lru_cache
from struct import Struct
from typing import Final, NamedTuple, cast

from pydicom.charset import convert_encodings, default_encoding
from pydicom.dataelem import DataElement, RawDataElement, convert_raw_data_element, empty_value_for_VR
from pydicom.dataset import Dataset
from pydicom.filereader import data_element_generator, read_dataset
from pydicom.tag import BaseTag
from pydicom.valuerep import EXPLICIT_VR_LENGTH_16, EXPLICIT_VR_LENGTH_32
from pydicom.values import convert_string

from screening.dicom.bounded_reading import HeaderReads
from screening.dicom.pydicom_logging import suppress_pydicom_warnings
from screening.dicom.shared_tags import shared_tag

_EXPLICIT: Final = Struct("<HH2sH")  # PS3.5 7.1.2
_LONG_LENGTH: Final = Struct("<L")
_IMPLICIT: Final = Struct("<HHL")  # PS3.5 7.1.3
_SHORT: Final = {str(vr).encode(): str(vr) for vr in EXPLICIT_VR_LENGTH_16}
_LONG: Final = {str(vr).encode(): str(vr) for vr in EXPLICIT_VR_LENGTH_32}
_UNDEFINED: Final = 0xFFFFFFFF
_DELIMITERS: Final = 0xFFFE0000  # PS3.5 7.5
_CHARACTER_SET: Final = shared_tag(0x00080005)

Raw = dict[BaseTag, RawDataElement | DataElement]


class UnknownVr(Exception):
    """An element amid others of explicit VR has no VR that DICOM knows."""


class Encoding(NamedTuple):
    """How a data set is written (PS3.5 7.1); with `strict`, an unknown VR amid explicit ones raises UnknownVr."""

    implicit: bool
    little_endian: bool
    strict: bool


class ReadDataSet(NamedTuple):
    """The elements within the tags that were asked for, and where reading ended.

    `beyond` is the element that ended it, as tag, VR and length; None at the end of the bytes.
    """

    dataset: Dataset
    end: int
    beyond: tuple[int, str | None, int] | None


def read_data_set(data: bytes, start: int, encoding: Encoding, within: range, reads: HeaderReads) -> ReadDataSet:
    """The elements from `start` on whose tags lie `within`; raises what pydicom raises, and what `reads` raise."""
    reading = _Reading(data, encoding, within, reads)
    return reading.plainly(start) if _is_as_named(data, start, encoding) else reading.by_pydicom(start)


class _Reading:
    """A data set that is being read."""

    def __init__(self, data: bytes, encoding: Encoding, within: range, reads: HeaderReads) -> None:
        self._data, self._encoding, self._within, self._reads = data, encoding, within, reads
        self._file = reads.reader(data)
        self._beyond: list[tuple[int, str | None, int]] = []
        self._seen_explicit = False

    def by_pydicom(self, start: int) -> ReadDataSet:
        implicit, little_endian, _ = self._encoding
        self._file.seek(start)
        with suppress_pydicom_warnings():
            dataset = read_dataset(self._file, implicit, little_endian, stop_when=self._is_beyond)
        return self._ended(dataset, self._file.tell())

    def plainly(self, start: int) -> ReadDataSet:
        self._reads.spend(_TO_LOOK_AT_THE_FIRST)
        elements: Raw = {}
        at = start
        while not self._beyond:
            run = _plain_run(self._data, at, self._encoding.implicit, self._within, self._reads.left_to_file, elements)
            at = run.end
            self._reads.spend(run.reads)
            self._seen_explicit |= bool(elements) and not self._encoding.implicit
            if run.beyond is not None:
                self._beyond.append(run.beyond)
                break
            self._file.seek(at)
            try:
                odd = self._odd_element(elements)
            except (EOFError, NotImplementedError):  # as `read_dataset` does: nothing is kept
                elements, odd = {}, None
            at = self._file.tell()
            if odd is None:
                break
            elements[odd.tag] = odd
        return self._ended(_dataset(elements, self._encoding.implicit), at)

    def _odd_element(self, elements: Raw) -> RawDataElement | DataElement | None:
        """The element at which the file stands, read by pydicom; None at the end and beyond what was asked for."""
        with suppress_pydicom_warnings():
            rest = data_element_generator(
                self._file,
                self._encoding.implicit,
                self._encoding.little_endian,
                self._is_beyond,
                encoding=_parent_character_sets(elements),
            )
            return next(rest, None)

    def _is_beyond(self, tag: BaseTag, vr: str | None, length: int) -> bool:
        if self._encoding.strict and vr is None and self._seen_explicit:
            raise UnknownVr
        self._seen_explicit |= vr is not None and vr.isalpha() and vr.isupper()
        if int(tag) in self._within:
            return False
        self._beyond.append((int(tag), vr, length))
        return True

    def _ended(self, dataset: Dataset, end: int) -> ReadDataSet:
        return ReadDataSet(dataset, end, self._beyond[-1] if self._beyond else None)


_TO_LOOK_AT_THE_FIRST: Final = 2  # reads of pydicom, for the tag and the VR of the first element


class _Run(NamedTuple):
    """Where a run of plain elements ends, the reads pydicom would have made, and what ended it if it was beyond."""

    end: int
    reads: int
    beyond: tuple[int, str | None, int] | None


def _plain_run(data: bytes, at: int, implicit: bool, within: range, most_reads: int, elements: Raw) -> _Run:
    """Put the plain elements that follow each other from `at` on into `elements`."""
    reads, lowest, highest = 0, within.start, within.stop
    head_of = _implicit_head if implicit else _explicit_head
    while reads <= most_reads and (head := head_of(data[at : at + 8])):
        number, tag, vr, length = head
        value_at, its_reads = at + 8, 1
        if length is None:
            if at + 12 > len(data):
                break
            length, value_at, its_reads = _LONG_LENGTH.unpack_from(data, value_at)[0], at + 12, 2
        if not lowest <= number < highest and number < _DELIMITERS:
            return _Run(at, reads + its_reads, (number, vr, length))
        end = value_at + length
        if length == _UNDEFINED or end > len(data) or number >= _DELIMITERS:
            break
        value = data[value_at:end] if length else _empty_value(vr)
        elements[tag] = RawDataElement(tag, vr, length, value, value_at, implicit, True)
        at, reads = end, reads + its_reads + (length > 0)
    return _Run(at, reads, None)


class _Head(NamedTuple):
    """What the first eight bytes of an element say; `length` is None where it stands in the four that follow.

    `number` is the tag as a plain number: to compare a `BaseTag` takes a call of Python code.
    """

    number: int
    tag: BaseTag
    vr: str | None
    length: int | None


@lru_cache(maxsize=4096)  # a series has some 200, and reads them in each of its slices
def _explicit_head(eight: bytes) -> _Head | None:
    if len(eight) < 8:
        return None
    group, element, code, length = _EXPLICIT.unpack(eight)
    number = group << 16 | element
    if (vr := _SHORT.get(code)) is not None:
        return _Head(number, shared_tag(number), vr, length)
    return _Head(number, shared_tag(number), vr, None) if (vr := _LONG.get(code)) is not None else None


@lru_cache(maxsize=4096)
def _implicit_head(eight: bytes) -> _Head | None:
    if len(eight) < 8:
        return None
    group, element, length = _IMPLICIT.unpack(eight)
    number = group << 16 | element
    return _Head(number, shared_tag(number), None, length)


@cache
def _empty_value(vr: str | None) -> bytes | None:
    return cast("bytes | None", empty_value_for_VR(vr, raw=True))


def _is_as_named(data: bytes, start: int, encoding: Encoding) -> bool:
    """Whether the first element is written as the data set is said to be; where it is not, pydicom decides."""
    vr = data[start + 4 : start + 6]
    looks_explicit = len(vr) == 2 and all(0x41 <= byte <= 0x5A for byte in vr)
    return encoding.little_endian and len(vr) == 2 and looks_explicit != encoding.implicit


def _dataset(elements: Raw, implicit: bool) -> Dataset:
    dataset = Dataset(elements, parent_encoding=default_encoding)
    dataset.set_original_encoding(implicit, True, _character_sets(elements))
    return dataset


def _parent_character_sets(elements: Raw) -> list[str] | str:
    """As `data_element_generator` takes them for the sequences that follow."""
    element = elements.get(_CHARACTER_SET)
    if not isinstance(element, RawDataElement):
        return default_encoding
    return list(convert_encodings(convert_string(element.value or b"", True)))


def _character_sets(elements: Raw) -> list[str] | str:
    element = elements.get(_CHARACTER_SET)
    if element is None:
        return default_encoding
    if isinstance(element, DataElement):
        return list(convert_encodings(element.value))
    return list(_encodings(element.VR, element.value, element.is_implicit_VR))


@lru_cache(maxsize=64)
def _encodings(vr: str | None, value: bytes | None, implicit: bool) -> tuple[str, ...]:
    """Python's names of a Specific Character Set: the same in all slices, and slow to make."""
    element = RawDataElement(_CHARACTER_SET, vr, len(value or b""), value, 0, implicit, True)
    with suppress_pydicom_warnings():
        return tuple(convert_encodings(convert_raw_data_element(element).value))

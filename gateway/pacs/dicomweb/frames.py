"""Frames of one instance: as they are stored, plain, or as a picture. Runs in a decode worker."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread, dcmwrite
from pydicom.dataset import validate_file_meta
from pydicom.encaps import get_frame
from pydicom.uid import UID, ExplicitVRBigEndian

from gateway.errors import NotFound
from screening.dicom.bounded_reading import HeaderReads
from screening.dicom.decoding import stored_values
from screening.dicom.element_values import Elements
from screening.dicom.functional_groups import elements_by_frame
from screening.dicom.header_fields import pixel_layout, slice_of
from screening.dicom.hu import to_hu
from screening.dicom.part10 import FileHeader, pixel_bytes, read_file_header
from screening.dicom.pydicom_logging import PARSE_ERRORS, suppress_pydicom_warnings
from screening.dicom.slice_header import PixelLayout, SliceHeader
from screening.dicom.transfer_syntaxes import NATIVE
from screening.errors import BrokenPixels, NoPixelData
from screening.intake.budgets import Budgets
from screening.intake.upload_members import Member
from screening.views.display_window import LUNG, Window

ONE_BIT: Final = 1


@dataclass(frozen=True)
class Picture:
    """How a frame is drawn: its window, by default that of the object; JPEG or PNG; the longer side in pixels."""

    png: bool = False
    window: Window | None = None
    size_px: int | None = None


def frames_of(member: Member, budgets: Budgets, numbers: Sequence[int], plain: bool) -> list[bytes]:
    """The frames of these numbers, from 1: compressed as they are stored, or with `plain` little endian pixels.

    Raises NotFound for a frame that is not there, NoPixelData, BrokenPixels or UnsupportedTransferSyntax.
    """
    head, layout = _opened(member, budgets)
    _check_numbers(numbers, layout)
    if layout.bits_allocated == ONE_BIT:
        return _bit_frames(member, layout, numbers)
    little_endian = head.transfer_syntax in NATIVE and head.transfer_syntax != ExplicitVRBigEndian
    if not plain or little_endian:
        return _stored_frames(member, layout, numbers)
    return [_plain(_slice(member, head, layout, number), layout) for number in numbers]


def picture_of(member: Member, budgets: Budgets, number: int, picture: Picture) -> bytes:
    """One frame as JPEG or PNG; raises as `frames_of` does."""
    head, layout = _opened(member, budgets)
    _check_numbers([number], layout)
    if layout.samples > 1:
        shown = _colours(member, layout, number)
    else:
        elements = next(islice(elements_by_frame(head, layout.frames), number - 1, None))
        one = slice_of(member, number - 1, layout, elements, b"")
        window = picture.window or _own_window(elements) or LUNG
        shown = window.grey(to_hu(stored_values(one), one.rescale))
    if picture.size_px is not None and max(shown.shape[:2]) > picture.size_px:
        scale = picture.size_px / max(shown.shape[:2])
        size = max(1, round(shown.shape[1] * scale)), max(1, round(shown.shape[0] * scale))
        shown = np.asarray(cv2.resize(shown, size, interpolation=cv2.INTER_AREA), np.uint8)
    return _encoded(shown, ".png" if picture.png else ".jpg")


def write_as(member: Member, budgets: Budgets, transfer_syntax: str, target: Path) -> None:
    """Write the instance as a Part 10 file, in the syntax that it is stored in or as Explicit VR Little Endian.

    Raises as `frames_of` does; BrokenPixels for an object that pydicom cannot write.
    """
    head = read_file_header(member, budgets, HeaderReads(member.size))
    plain = head.transfer_syntax != transfer_syntax and head.pixels is not None
    frames = frames_of(member, budgets, range(1, _opened(member, budgets)[1].frames + 1), True) if plain else []
    try:
        with suppress_pydicom_warnings():
            dataset = dcmread(BytesIO(member.read()), force=True)
            if plain:
                data = b"".join(frames)
                dataset.PixelData = data + bytes(len(data) % 2)
                dataset["PixelData"].VR = "OW" if dataset.BitsAllocated > 8 else "OB"
            dataset.file_meta.TransferSyntaxUID = UID(transfer_syntax)
            dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
            dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
            dataset.preamble = bytes(128)  # PS3.10 7.1
            validate_file_meta(dataset.file_meta)
            implicit, little = UID(transfer_syntax).is_implicit_VR, UID(transfer_syntax).is_little_endian
            dcmwrite(target, dataset, implicit_vr=implicit, little_endian=little, force_encoding=True)
    except PARSE_ERRORS:
        raise BrokenPixels("This object cannot be written in another transfer syntax.") from None


def element_bytes(member: Member, budgets: Budgets, tag: str) -> bytes:
    """The value of a binary element of the root; raises NotFound."""
    head = read_file_header(member, budgets, HeaderReads(member.size))
    raw = head.dataset.get_item(int(tag, 16), keep_deferred=True)
    value = getattr(raw, "value", None)
    if not isinstance(value, bytes):
        raise NotFound("the object has no such bulk data")
    return value


def _opened(member: Member, budgets: Budgets) -> tuple[FileHeader, PixelLayout]:
    head = read_file_header(member, budgets, HeaderReads(member.size))
    layout = pixel_layout(head, budgets)
    if layout is None:
        raise NoPixelData("This object has no pixel data.")
    return head, layout


def _check_numbers(numbers: Sequence[int], layout: PixelLayout) -> None:
    if not all(1 <= number <= layout.frames for number in numbers):
        raise NotFound(f"the object has frames 1 to {layout.frames}")


def _slice(member: Member, head: FileHeader, layout: PixelLayout, number: int) -> SliceHeader:
    return slice_of(member, number - 1, layout, Elements(head.dataset), b"")


def _plain(one: SliceHeader, layout: PixelLayout) -> bytes:
    kind = f"<{'i' if layout.signed else 'u'}{layout.bits_allocated // 8}"
    return stored_values(one).astype(kind, copy=False).tobytes()


def _stored_frames(member: Member, layout: PixelLayout, numbers: Sequence[int]) -> list[bytes]:
    data = pixel_bytes(member, layout.span)
    if layout.span.length is None:
        try:
            return [get_frame(data, number - 1, number_of_frames=layout.frames) for number in numbers]
        except PARSE_ERRORS:
            raise BrokenPixels("The pixel data of an object are cut off or damaged.") from None
    size = layout.frame_bytes
    return [_whole(data[(number - 1) * size : number * size], size) for number in numbers]


def _bit_frames(member: Member, layout: PixelLayout, numbers: Sequence[int]) -> list[bytes]:
    """Frames of one bit, each from a byte of its own; stored they follow each other without a gap (PS3.5 8.1.1)."""
    bits = np.unpackbits(np.frombuffer(pixel_bytes(member, layout.span), np.uint8), bitorder="little")
    size = layout.rows * layout.columns
    frames = [bits[(number - 1) * size : number * size] for number in numbers]
    return [_whole(np.packbits(one, bitorder="little").tobytes(), -(-size // 8)) for one in frames]


def _whole(frame: bytes, size: int) -> bytes:
    if len(frame) != size:
        raise BrokenPixels("The pixel data of an object are cut off.")
    return frame


def _colours(member: Member, layout: PixelLayout, number: int) -> NDArray[np.uint8]:
    """Native RGB alone, as the captures of results are; in OpenCV's order."""
    if layout.span.length is None or layout.photometric != "RGB" or layout.bits_allocated != 8 or layout.samples != 3:
        raise BrokenPixels("Only grey pictures, and uncompressed RGB, can be drawn.")
    (frame,) = _stored_frames(member, layout, [number])
    rgb = np.frombuffer(frame, np.uint8).reshape(layout.rows, layout.columns, 3)
    return np.ascontiguousarray(rgb[:, :, ::-1])


def _own_window(elements: Elements) -> Window | None:
    centre, width = elements.decimals("WindowCenter"), elements.decimals("WindowWidth")
    try:
        return Window(centre[0], width[0]) if centre and width else None
    except ValueError:
        return None


def _encoded(shown: NDArray[Any], suffix: str) -> bytes:
    written, data = cv2.imencode(suffix, shown)
    if not written:
        raise RuntimeError("OpenCV could not write a picture")
    return data.tobytes()

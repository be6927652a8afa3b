"""Headers: the members of an upload -> one `SliceHeader` for every slice in it, and why the rest was skipped."""

import hashlib
import math
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from screening.budgets import Budgets
from screening.elements import Elements
from screening.errors import BrokenDicom, NotDicom, OverBudget
from screening.functional_groups import frames_elements
from screening.members import Member
from screening.nifti import SNIFF_BYTES, is_nifti, nifti_slices
from screening.part10 import Head, read_head
from screening.slices import PixelLayout, Rescale, SliceHeader, Vector

_DIRECTORY_RECORDS = 0x00041220
_STUDY_UID = 0x0020000D
_FARTHEST_MM = 1e5  # no scanner's table is longer than this; beyond it sums lose their millimetres


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
    if _DIRECTORY_RECORDS in head.dataset:  # PS3.3 F.3
        raise NotDicom("A DICOMDIR lists files and holds no slice.")
    if head.pixels is None and _STUDY_UID not in head.dataset:
        raise BrokenDicom("A DICOM file ends before it names its study.")
    layout = _layout(head, budgets)
    for frame, elements in enumerate(frames_elements(head.dataset, layout.frames if layout else 1)):
        yield _slice(member, frame, layout, elements, salt)


def _layout(head: Head, budgets: Budgets) -> PixelLayout | None:
    elements = Elements(head.dataset)
    rows, columns = elements.integer(0x00280010), elements.integer(0x00280011)
    if head.pixels is None:
        return None
    bits, sign, samples = (elements.integer(tag) for tag in (0x00280100, 0x00280103, 0x00280002))
    if not (rows and columns and bits and samples) or sign not in (0, 1):  # PS3.3 C.7.6.3: none may be missing
        raise BrokenDicom("A DICOM file has pixels, and no word or a wrong one on their number, bits or sign.")
    frames = max(1, int(_finite(elements.decimal(0x00280008, 1.0), 1.0)))
    budgets.check_pixels(rows, columns, frames, samples, bits)
    if frames > budgets.members:
        raise OverBudget(f"The header promises more than {budgets.members} frames.")
    return PixelLayout(
        transfer_syntax=head.transfer_syntax,
        span=head.pixels,
        rows=rows,
        columns=columns,
        frames=frames,
        samples=samples,
        photometric=elements.text(0x00280004) or "MONOCHROME2",
        bits_allocated=bits,
        bits_stored=elements.integer(0x00280101) or bits,
        signed=sign == 1,
    )


def _slice(member: Member, frame: int, layout: PixelLayout | None, elements: Elements, salt: bytes) -> SliceHeader:
    patient = elements.text(0x00100020) or elements.text(0x00100010)
    return SliceHeader(
        member=member,
        frame=frame,
        study_uid=elements.text(0x0020000D),
        series_uid=elements.text(0x0020000E),
        sop_uid=elements.text(0x00080018),
        patient_key=hashlib.blake2b(patient.encode(), key=salt, digest_size=16).hexdigest(),
        modality=_code(elements.text(0x00080060)),
        image_type=elements.texts(0x00089007) or elements.texts(0x00080008),
        kernel=elements.text(0x00181210)[:16],  # PS3.5 6.2: SH
        pixels=layout,
        rescale=_rescale(elements, layout),
        position=_vector(elements.decimals(0x00200032)),
        orientation=_orientation(elements.decimals(0x00200037)),
        spacing_mm=_spacing(elements.decimals(0x00280030)),
        gantry_tilt_deg=_finite(elements.decimal(0x00181120, 0.0), 0.0),
        acquisition=int(_finite(elements.decimal(0x00200012, 0.0), 0.0)),
    )


def _rescale(elements: Elements, layout: PixelLayout | None) -> Rescale:
    signed = layout is not None and layout.signed
    padding, limit = elements.integer(0x00280120, signed), elements.integer(0x00280121, signed)
    span = None if padding is None else (padding, padding if limit is None else limit)
    slope, intercept = elements.decimal(0x00281053, 1.0), elements.decimal(0x00281052, 0.0)
    unit = elements.text(0x00281054) or "HU"  # PS3.3 C.8.2.1: in CT it may be left out when it is HU
    return Rescale(slope, intercept, None if span is None else (min(span), max(span)), unit)


def _code(text: str) -> str:
    # PS3.5 6.2: CS. It is repeated in reports, so it must be nothing but a code.
    return text if re.fullmatch(r"[A-Z0-9_ ]{1,16}", text) else ""


def _vector(values: tuple[float, ...]) -> Vector | None:
    placed = len(values) == 3 and all(abs(value) <= _FARTHEST_MM for value in values)  # False for NaN
    return (values[0], values[1], values[2]) if placed else None


def _orientation(values: tuple[float, ...]) -> tuple[Vector, Vector] | None:
    along_row, along_column = _vector(values[:3]), _vector(values[3:])
    return (along_row, along_column) if along_row and along_column else None


def _spacing(values: tuple[float, ...]) -> tuple[float, float] | None:
    return (values[0], values[1]) if len(values) == 2 else None


def _finite(value: float, otherwise: float) -> float:
    return value if math.isfinite(value) else otherwise

"""The header of one slice: what series selection, geometry and decoding need, without patient data."""

import re
from dataclasses import KW_ONLY, dataclass, field
from typing import Final

from screening.dicom.modality_table import ModalityTable
from screening.dicom.part10 import PixelSpan
from screening.intake.upload_members import Member

Vector = tuple[float, float, float]

NIFTI_SYNTAX: Final = "nifti"
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")


@dataclass(frozen=True)
class PixelLayout:
    """How the pixels of one file are stored (PS3.3 C.7.6.3); the same for all its frames."""

    transfer_syntax: str
    span: PixelSpan
    rows: int
    columns: int
    frames: int
    samples: int
    photometric: str
    bits_allocated: int
    bits_stored: int
    signed: bool
    high_bit: int

    @property
    def frame_bytes(self) -> int:
        """Bytes of one slice when not compressed."""
        return self.rows * self.columns * self.samples * self.bits_allocated // 8


@dataclass(frozen=True)
class Rescale:
    """Stored value -> `unit` (PS3.3 C.11.1); `padding` is the range of stored values outside the scan (C.7.5.1.1.2).

    `stated` is False where the header has no Rescale Intercept, `taken` is True where it is that of other slices;
    `table` is a Modality LUT in the place of both.
    """

    slope: float = 1.0
    intercept: float = 0.0
    padding: tuple[int, int] | None = None
    unit: str = "HU"
    stated: bool = True
    taken: bool = False
    table: ModalityTable | None = None


@dataclass(frozen=True)
class SliceHeader:
    """Frame `frame` of `member`. Position and orientation are in the patient's LPS, in mm; spacing is (row, column).

    `pixels` is None when the file has none; `patient_key` only distinguishes the patients of one upload. `oddities` are
    sentences on what was wrong in the file and could be read all the same; they become warnings of the study.
    `temporal_position` and `cardiac_phase` (in percent) are 0 where the header names none; `acquired_at` orders
    acquisitions and is shown to nobody; `projection` is True for a MIP and its kin.
    """

    member: Member = field(repr=False)
    frame: int
    study_uid: str
    series_uid: str
    sop_uid: str
    patient_key: str = field(repr=False)
    modality: str
    image_type: tuple[str, ...]
    kernel: str
    pixels: PixelLayout | None
    rescale: Rescale
    position: Vector | None
    orientation: tuple[Vector, Vector] | None
    spacing_mm: tuple[float, float] | None
    gantry_tilt_deg: float
    acquisition: int
    _: KW_ONLY
    oddities: tuple[str, ...] = ()
    thickness_mm: float | None = None
    temporal_position: int = 0
    cardiac_phase: float = 0.0
    acquired_at: str = field(default="", repr=False)
    instance: int = 0
    projection: bool = False

    @property
    def localiser(self) -> bool:
        """PS3.3 C.8.2.1.1.1: value 3 of Image Type."""
        return "LOCALIZER" in self.image_type

    @property
    def original(self) -> bool:
        """Whether the values are from the scanner, not derived from other slices (PS3.3 C.7.6.1.1.2)."""
        return "DERIVED" not in self.image_type


def is_uid(text: str) -> bool:
    """PS3.5 9.1: at most 64 digits and dots. Leading zeros are accepted: harmless, and real files have them."""
    return len(text) <= 64 and _UID.fullmatch(text) is not None

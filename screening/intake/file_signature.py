"""File signatures: refuses by its first bytes an upload that is no archive, DICOM or NIfTI, before it is read."""

from typing import Final

from screening.errors import IntakeError, NotDicom
from screening.intake.foreign_formats import named
from screening.intake.tar_archives import is_tar
from screening.intake.upload_members import START_BYTES

FIRST_BYTES: Final = START_BYTES
ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")  # APPNOTE 4.3.7 and 4.3.16: a file, or the end of an archive of none
GZIP: Final = b"\x1f\x8b"  # NIfTI is often compressed so (.nii.gz)
BZIP2: Final = b"BZh"
XZ: Final = b"\xfd7zXZ\0"
PROGRAM: Final = b"MZ"  # of Windows; a zip may stand behind it (self-extracting)
NO_PREAMBLE: Final = (b"\x02\x00", b"\x08\x00")  # a data set begins with group 0002 or 0008, little endian


def is_nifti(start: bytes) -> bool:
    """Whether the first `FIRST_BYTES` of a file are those of NIfTI-1 or NIfTI-2 in a single file."""
    return start[344:348] == b"n+1\0" or start[4:8] == b"n+2\0"


def is_dicom(start: bytes) -> bool:
    """Whether a file has the preamble of Part 10 (PS3.10 7.1); what stands in the preamble means nothing."""
    return start[128:132] == b"DICM"


def may_be_slice(start: bytes) -> bool:
    """Whether a file that begins so is DICOM, with or without the preamble."""
    return is_dicom(start) or start[:2] in NO_PREAMBLE


def has_known_signature(start: bytes) -> bool:
    """Whether the first `FIRST_BYTES` of a file have the signature of an archive that is read, DICOM or NIfTI."""
    packed = start.startswith((*ZIP, GZIP, BZIP2, XZ, PROGRAM)) or is_tar(start)
    return packed or may_be_slice(start) or is_nifti(start)


def refusal(start: bytes) -> IntakeError:
    """The error of a file without a known signature: what it is, where that can be told, and what to send."""
    return named(start) or NotDicom(
        "The file is neither DICOM nor NIfTI nor an archive of such. Send a zip of DICOM files."
    )

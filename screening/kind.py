"""What an upload claims to be by its first bytes: enough to refuse what is plainly no study before it is read."""

from typing import Final

from screening.nifti import SNIFF_BYTES, is_nifti

FIRST_BYTES: Final = SNIFF_BYTES
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_GZIP: Final = b"\x1f\x8b"  # NIfTI is often packed in it
_NO_PREAMBLE: Final = (b"\x02\x00", b"\x08\x00")  # a bare data set begins with group 0002 or 0008, little endian


def may_be_a_study(start: bytes) -> bool:
    """Whether a file that begins with these `FIRST_BYTES` is zip, DICOM or NIfTI by its look."""
    return start.startswith((*_ZIP, _GZIP)) or start[128:132] == b"DICM" or start[:2] in _NO_PREAMBLE or is_nifti(start)

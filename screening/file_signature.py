"""What an upload claims to be by its first bytes: enough to refuse what is plainly no study before it is read."""

from typing import Final

from screening.nifti import SNIFF_BYTES, is_nifti

FIRST_BYTES: Final = SNIFF_BYTES
ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")  # APPNOTE 4.3.7 and 4.3.16: a file, or the end of an archive of none
GZIP: Final = b"\x1f\x8b"  # NIfTI is often packed in it
NO_PREAMBLE: Final = (b"\x02\x00", b"\x08\x00")  # a data set begins with group 0002 or 0008, little endian


def may_be_a_study(start: bytes) -> bool:
    """Whether a file that begins with these `FIRST_BYTES` is zip, DICOM or NIfTI by its look."""
    return start.startswith((*ZIP, GZIP)) or start[128:132] == b"DICM" or start[:2] in NO_PREAMBLE or is_nifti(start)

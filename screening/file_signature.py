"""File signatures: refuses by its first bytes an upload that is not zip, DICOM, NIfTI or gzip, before it is read."""

from typing import Final

from screening.nifti import SIGNATURE_BYTES, is_nifti

FIRST_BYTES: Final = SIGNATURE_BYTES
ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")  # APPNOTE 4.3.7 and 4.3.16: a file, or the end of an archive of none
GZIP: Final = b"\x1f\x8b"  # NIfTI is often compressed so (.nii.gz)
NO_PREAMBLE: Final = (b"\x02\x00", b"\x08\x00")  # a data set begins with group 0002 or 0008, little endian


def has_known_signature(start: bytes) -> bool:
    """Whether the first `FIRST_BYTES` of a file have the signature of zip, gzip, DICOM or NIfTI."""
    return start.startswith((*ZIP, GZIP)) or start[128:132] == b"DICM" or start[:2] in NO_PREAMBLE or is_nifti(start)

"""What a file is that is no study, by its first bytes: a refusal that names it says what to do."""

from dataclasses import dataclass

from screening.errors import IntakeError, NotDicom, UnsupportedArchive

_PACK = "Unpack it and send the files as a zip."
_ORIGINAL = "Send the DICOM files themselves."


@dataclass(frozen=True)
class Format:
    """Bytes that stand at `offset`, what they mean, and what to do instead."""

    offset: int
    signature: bytes
    words: str
    error: type[IntakeError]


FORMATS: tuple[Format, ...] = (
    Format(0, b"7z\xbc\xaf\x27\x1c", f"The file is a 7z archive. {_PACK}", UnsupportedArchive),
    Format(0, b"Rar!\x1a\x07", f"The file is a RAR archive. {_PACK}", UnsupportedArchive),
    Format(
        0,
        b"PK\x07\x08",
        "The file is the first part of a split zip (a zip in several parts). Put the parts together and send one zip.",
        UnsupportedArchive,
    ),
    Format(0, b"\x28\xb5\x2f\xfd", f"The file is packed with Zstandard. {_PACK}", UnsupportedArchive),
    Format(0, b"\x1f\x9d", f"The file is packed with compress (Z). {_PACK}", UnsupportedArchive),
    Format(0, b"MSCF", f"The file is a cabinet archive (CAB). {_PACK}", UnsupportedArchive),
    Format(2, b"-lh", f"The file is an LZH archive. {_PACK}", UnsupportedArchive),
    Format(0, b"xar!", f"The file is a XAR archive. {_PACK}", UnsupportedArchive),
    Format(0, b"%PDF", f"The file is a PDF. {_ORIGINAL}", NotDicom),
    Format(0, b"\x89PNG", f"The file is a PNG picture, which holds no Hounsfield units. {_ORIGINAL}", NotDicom),
    Format(0, b"\xff\xd8\xff", f"The file is a JPEG picture, which holds no Hounsfield units. {_ORIGINAL}", NotDicom),
    Format(0, b"GIF8", f"The file is a GIF picture, which holds no Hounsfield units. {_ORIGINAL}", NotDicom),
    Format(0, b"BM", f"The file is a BMP picture, which holds no Hounsfield units. {_ORIGINAL}", NotDicom),
    Format(0, b"NRRD", "The file is NRRD, which is not read. Send DICOM or NIfTI.", NotDicom),
    Format(0, b"ObjectType", "The file is MetaImage, which is not read. Send DICOM or NIfTI.", NotDicom),
    Format(0, b"\x89HDF", "The file is HDF5 or MINC, which is not read. Send DICOM or NIfTI.", NotDicom),
    Format(
        344,
        b"ni1\0",
        "The file is the header of a NIfTI pair (hdr and img), which is not read. Send one nii file.",
        NotDicom,
    ),
    Format(
        4,
        b"ni2\0",
        "The file is the header of a NIfTI-2 pair (hdr and img), which is not read. Send one nii file.",
        NotDicom,
    ),
    Format(
        0,
        b"\x5c\x01\x00\x00",
        "The file is an Analyze header (hdr), which does not say where its voxels lie. Send DICOM or NIfTI.",
        NotDicom,
    ),
    Format(
        0,
        b"DICM",
        "The file begins with DICM, so the preamble of 128 bytes before it was lost. Send the original file.",
        NotDicom,
    ),
    Format(0, b"MZ", f"The file is a program without a zip behind it. {_ORIGINAL}", NotDicom),
    Format(0, b"<", f"The file is a web page or XML. {_ORIGINAL}", NotDicom),
    Format(0, b"{", f"The file is JSON. {_ORIGINAL}", NotDicom),
)


def named(start: bytes) -> IntakeError | None:
    """The refusal of a file that begins with these bytes; None where they say nothing."""
    for one in FORMATS:
        if start.startswith(one.signature, one.offset):
            return one.error(one.words)
    return None

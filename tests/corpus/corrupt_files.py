"""DICOM files with corrupt bytes: cut off, endless or bloated elements, wrong transfer syntax, broken streams."""

import struct
from io import BytesIO
from pathlib import Path

from pydicom import DataElement, config, dcmread, uid
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info

from tests.corpus.clean_study import clean_files, clean_slices, to_part10, zip_of_files
from tests.corpus.raw_zip import MIB, deflated_zeros

PIXEL_DATA = b"\xe0\x7f\x10\x00OW\x00\x00"  # PS3.5 7.1.2: tag, VR and two reserved bytes; its length follows
PRIVATE = b"\x29\x00\x10\x10"
UNDEFINED = b"\xff\xff\xff\xff"
ITEM = b"\xfe\xff\x00\xe0"


def preamble_of(content: bytes, magic: bytes) -> bytes:
    """The preamble may hold any bytes (PS3.10 7.1): a file may be DICOM and a program or an archive at once."""
    return magic.ljust(128, b"\x00") + content[128:]


def cut_in_the_pixels(content: bytes) -> bytes:
    return content[: content.index(PIXEL_DATA) + 200]


def cut_in_the_header(content: bytes) -> bytes:
    return content[:400]


def with_element(content: bytes, element: bytes) -> bytes:
    """The file with one more element before its pixels."""
    at = content.index(PIXEL_DATA)
    return content[:at] + element + content[at:]


def nested_sequences(content: bytes) -> bytes:
    """Private sequences nested 10,000 deep."""
    opening = PRIVATE + b"SQ\x00\x00" + UNDEFINED + ITEM + UNDEFINED
    closing = b"\xfe\xff\x0d\xe0\x00\x00\x00\x00\xfe\xff\xdd\xe0\x00\x00\x00\x00"
    return with_element(content, opening * 10_000 + closing * 10_000)


def garbage_functional_groups(content: bytes) -> bytes:
    """A Per-Frame Functional Groups Sequence that holds no items."""
    return with_element(content, b"\x00\x52\x30\x92SQ\x00\x00" + struct.pack("<I", 300) + b"\xa5" * 300)


def private_element(content: bytes, mebibytes: int = 4) -> bytes:
    """A private element of zeros, as vendors' raw data are."""
    return with_element(content, PRIVATE + b"OB\x00\x00" + struct.pack("<I", mebibytes * MIB) + bytes(mebibytes * MIB))


def one_huge_element(folder: Path) -> Path:
    first, *others = clean_files()
    return zip_of_files(folder, [private_element(first, mebibytes=64), *others])


def endless_element(content: bytes) -> bytes:
    """A private element that declares a length of 4 GiB and so includes the pixels."""
    return with_element(content, PRIVATE + b"OB\x00\x00\xf0\xff\xff\xff")


def pixel_length_of_terabytes(content: bytes) -> bytes:
    at = content.index(PIXEL_DATA) + len(PIXEL_DATA)
    return content[:at] + b"\xf0\xff\xff\xff" + content[at + 4 :]


def deflated_bomb(folder: Path) -> Path:
    """One file in the Deflated transfer syntax (PS3.5 A.5) that inflates from 1 MB to 1 GiB."""
    content = clean_files()[0]
    header = data_set(content)[: -len(content) + content.index(PIXEL_DATA)]
    body = deflated_zeros(1024, head=header + PIXEL_DATA + struct.pack("<I", 1024 * MIB))
    return zip_of_files(folder, [meta(content, uid.DeflatedExplicitVRLittleEndian) + body])


def jpeg2000_declaring_60000(folder: Path) -> Path:
    """The DICOM header is correct; the code stream's header (ITU-T T.800 A.5.1) declares 60,000 x 60,000."""
    files = []
    for slice_ in clean_slices():
        slice_.compress(uid.JPEG2000Lossless, generate_instance_uid=False)
        content = to_part10(slice_)
        size = content.index(b"\xff\x4f\xff\x51") + 8
        files.append(content[:size] + struct.pack(">2I", 60_000, 60_000) + content[size + 8 :])
    return zip_of_files(folder, files)


def garbage_for_rle(folder: Path) -> Path:
    """RLE segments with offsets beyond the data (PS3.5 G.5)."""
    files = []
    for slice_ in clean_slices():
        slice_.PixelData = encapsulate([struct.pack("<16I", 2, *range(64, 1564, 100)) + b"\x80\x7f" * 50])
        slice_.file_meta.TransferSyntaxUID = uid.RLELossless
        files.append(to_part10(slice_))
    return zip_of_files(folder, files)


def relabelled(content: bytes, syntax: str) -> bytes:
    """The file with another Transfer Syntax UID than that of its bytes."""
    return meta(content, syntax) + data_set(content)


def meta(content: bytes, syntax: str) -> bytes:
    """The preamble and the file meta information (PS3.10 7.1), with this transfer syntax."""
    information = dcmread(BytesIO(content), stop_before_pixels=True).file_meta
    start = DicomBytesIO()
    information["TransferSyntaxUID"] = DataElement("TransferSyntaxUID", "UI", syntax, validation_mode=config.IGNORE)
    write_file_meta_info(start, information)
    return bytes(128) + b"DICM" + start.getvalue()


def data_set(content: bytes) -> bytes:
    """The data set after the file meta information, whose length is its first element."""
    (length,) = struct.unpack_from("<I", content, 140)
    return content[144 + length :]


def unknown_vr(content: bytes) -> bytes:
    """A private element whose value representation DICOM does not know, its length in 16 bits."""
    at = content.index(b"\x10\x00\x10\x00PN")  # before group 0010
    creator = b"\x09\x00\x10\x00LO" + struct.pack("<H", 4) + b"ACME"
    return content[:at] + creator + b"\x09\x00\x01\x10??" + struct.pack("<H", 6) + b"abcdef" + content[at:]


def rle_labelled_native(folder: Path) -> Path:
    """Compressed pixels under a meta header that says that they are not."""
    files = []
    for slice_ in clean_slices():
        slice_.compress(uid.RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
        files.append(relabelled(to_part10(slice_), uid.ExplicitVRLittleEndian))
    return zip_of_files(folder, files)

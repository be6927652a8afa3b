"""File signatures: all that intake reads is accepted, other files are refused."""

from pathlib import Path

import pytest

from screening.errors import NotDicom, UnsupportedArchive
from screening.intake.file_signature import FIRST_BYTES, has_known_signature, refusal
from tests.dicom_factory import ct_slice, to_bytes


def accepted(content: bytes) -> bool:
    return has_known_signature(content[:FIRST_BYTES])


@pytest.mark.parametrize("preamble", [True, False])
def test_dicom_with_and_without_its_preamble(preamble: bool) -> None:
    assert accepted(to_bytes(ct_slice(), preamble=preamble))


def test_real_files(real_data: Path) -> None:
    files = [path for path in (real_data / "dicom").rglob("*") if path.suffix.lower() == ".dcm"]
    assert files
    assert all(accepted(path.read_bytes()) for path in files)


def test_archives_and_nifti() -> None:
    nifti = bytearray(400)
    nifti[344:348] = b"n+1\0"
    assert all(map(accepted, [b"PK\x03\x04rest", b"PK\x05\x06" + bytes(18), b"\x1f\x8b\x08rest", bytes(nifti)]))
    assert all(map(accepted, [b"BZh9", b"\xfd7zXZ\0", b"MZ", bytes(257) + b"ustar\x0000"]))


@pytest.mark.parametrize(
    ("start", "error", "word"),
    [
        (b"7z\xbc\xaf\x27\x1c\0\4", UnsupportedArchive, "7z"),
        (b"Rar!\x1a\x07\x01\0", UnsupportedArchive, "RAR"),
        (b"Rar!\x1a\x07\0", UnsupportedArchive, "RAR"),
        (b"PK\x07\x08PK\x03\x04", UnsupportedArchive, "split"),
        (b"\x28\xb5\x2f\xfd", UnsupportedArchive, "Zstandard"),
        (b"%PDF-1.7", NotDicom, "PDF"),
        (b"\x89PNG\r\n", NotDicom, "PNG"),
        (bytes(344) + b"ni1\0", NotDicom, "pair"),
        (b"DICM", NotDicom, "preamble"),
        (b"nothing known", NotDicom, "neither"),
    ],
)
def test_a_refusal_names_what_came_and_what_to_send(start: bytes, error: type[Exception], word: str) -> None:
    told = refusal(start)
    assert type(told) is error
    assert word in told.detail
    assert "send" in told.detail.lower()


@pytest.mark.parametrize("content", [b"", b"P", b"\x89PNG\r\n", b"%PDF-1.7", b"DICM", bytes(500), b"\xff\xd8\xff\xe0"])
def test_other_files(content: bytes) -> None:
    assert not accepted(content)

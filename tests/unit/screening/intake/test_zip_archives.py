"""Zips: valid ones list their files, hostile ones are refused completely."""

import stat
import struct
import zipfile
from pathlib import Path

import pytest

from screening.errors import BrokenArchive, EncryptedArchive, IntakeError, OverBudget, UnsafeMember, UnsupportedArchive
from screening.intake import zip_archives
from screening.intake.budgets import MIB, Budgets, UploadTotals
from screening.intake.upload_members import Member
from screening.intake.zip_archives import zip_members
from tests.dicom_factory import zip_of


def opened(path: Path, budgets: Budgets = Budgets()) -> list[Member]:  # noqa: B008 - frozen
    return zip_members(path, UploadTotals(budgets))


def test_files_are_listed_in_order_with_neutral_names(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "upload", {"Surname/2": b"two", "Surname/1": b"one", "Surname/": b""})
    members = opened(path)
    assert [(member.label, member.read()) for member in members] == [("file 1", b"two"), ("file 2", b"one")]


def test_an_empty_zip_has_no_files(tmp_path: Path) -> None:
    assert opened(zip_of(tmp_path / "upload", {})) == []


def test_zip64_is_read(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    with zipfile.ZipFile(path, "w") as archive, archive.open("slice", "w", force_zip64=True) as file:
        file.write(b"slice")
    assert opened(path)[0].read() == b"slice"


@pytest.mark.parametrize(
    "name", ["../slice", "a/../../slice", "/etc/slice", "..\\slice", "\\slice", "C:/slice", "C:slice"]
)
def test_a_name_that_is_a_path_is_a_label_and_no_more(tmp_path: Path, name: str) -> None:
    """docs/adr/0019: nothing is ever written under a member's name."""
    path = zip_of(tmp_path / "upload", {"N" * len(name): b"slice"})
    path.write_bytes(path.read_bytes().replace(b"N" * len(name), name.encode()))
    assert [(member.label, member.read()) for member in opened(path)] == [("file 1", b"slice")]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("raw", [b"\xff\xfe\x80", b"\xc3((", b"\xed\xa0\x80", b"caf\xe9"])
@pytest.mark.parametrize("before", [b"", b"MZ" + bytes(500)])
def test_a_name_that_is_not_the_utf_8_it_claims_is_a_label_all_the_same(
    tmp_path: Path, raw: bytes, before: bytes
) -> None:
    path = zip_of(tmp_path / "upload", {"a": b"first", "N" * len(raw): b"slice"})
    data = bytearray(before + path.read_bytes().replace(b"N" * len(raw), raw))
    entry = data.rindex(b"PK\x01\x02")
    struct.pack_into("<H", data, entry + 8, 0x800)
    path.write_bytes(data)
    assert [(member.label, member.read()) for member in opened(path)] == [("file 1", b"first"), ("file 2", b"slice")]


def test_a_link_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    link = zipfile.ZipInfo("link")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(UnsafeMember, match="link"):
        opened(path)


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "upload", {"slice": b"slice"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(EncryptedArchive):
        opened(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compression_methods_of_zip_programs_are_read(tmp_path: Path, method: int) -> None:
    path = tmp_path / "upload"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("slice", b"slice" * 10_000)
    (member,) = opened(path)
    assert member.read() == b"slice" * 10_000
    assert member.first_bytes(7) == b"slicesl"


@pytest.mark.parametrize(("method", "name"), [(93, "Zstandard"), (98, "PPMd"), (77, "77")])
def test_another_compression_method_is_refused_by_name(tmp_path: Path, method: int, name: str) -> None:
    path = zip_of(tmp_path / "upload", {"slice": b"slice"})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        struct.pack_into("<H", data, data.index(signature) + offset, method)
    path.write_bytes(data)
    with pytest.raises(UnsupportedArchive, match=name):
        opened(path)


@pytest.mark.parametrize(("offset", "value"), [(4, 1), (6, 3)])
def test_the_last_part_of_a_split_zip_is_called_so(tmp_path: Path, offset: int, value: int) -> None:
    path = zip_of(tmp_path / "upload", {"slice": b"slice"})
    data = bytearray(path.read_bytes())
    struct.pack_into("<H", data, data.rindex(b"PK\x05\x06") + offset, value)
    path.write_bytes(data)
    with pytest.raises(UnsupportedArchive, match="split"):
        opened(path)


def test_the_last_part_of_a_split_zip64_is_called_so(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "upload", {"slice": b"slice"})
    data = path.read_bytes()
    end = data.rindex(b"PK\x05\x06")
    path.write_bytes(data[:end] + struct.pack("<4sLQL", b"PK\x06\x07", 1, 0, 2) + data[end:])
    with pytest.raises(UnsupportedArchive, match="split"):
        opened(path)


def test_files_that_share_bytes_are_refused(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "upload", {"a": bytes(5000), "b": bytes(5000)})
    data = bytearray(path.read_bytes())
    second = data.rindex(b"PK\x01\x02")
    struct.pack_into("<L", data, second + 42, 0)  # the second entry points to the first file
    path.write_bytes(data)
    with pytest.raises(UnsafeMember, match="overlap"):
        opened(path)


def test_a_file_that_reaches_into_the_directory_is_refused(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "upload", {"a": b"slice"}, stored=True)
    data = bytearray(path.read_bytes())
    entry = data.index(b"PK\x01\x02")
    struct.pack_into("<LL", data, entry + 20, 500, 500)
    path.write_bytes(data)
    with pytest.raises(BrokenArchive, match="beyond"):
        opened(path)


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.99])
def test_a_zip_cut_off_anywhere_is_refused(tmp_path: Path, kept: float) -> None:
    path = zip_of(tmp_path / "upload", {f"{index}": bytes([index]) * 500 for index in range(20)}, stored=True)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(BrokenArchive):
        opened(path)


@pytest.mark.parametrize(
    ("files", "budgets"),
    [
        ({f"{index}": b"x" for index in range(11)}, Budgets(members=10)),
        ({"a": b"x" * 600, "b": b"x" * 600}, Budgets(total_bytes=1000)),
        ({"a": b"x" * 1001}, Budgets(member_bytes=1000)),
        ({"flat bomb": bytes(10 * MIB)}, Budgets()),
        ({f"{index}": bytes(MIB) for index in range(10)}, Budgets()),
    ],
    ids=["members", "total", "member", "ratio of one", "ratio of all"],
)
def test_an_archive_over_budget_is_refused_by_its_directory(
    tmp_path: Path, files: dict[str, bytes], budgets: Budgets
) -> None:
    with pytest.raises(OverBudget):
        opened(zip_of(tmp_path / "upload", files), budgets)


def test_a_directory_longer_than_the_members_allow_is_not_read(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "upload", {f"{index:0300}": b"" for index in range(100)})
    with pytest.raises(OverBudget, match="directory"):
        opened(path, Budgets(members=10))


def test_a_changed_byte_in_the_directory_raises_only_study_errors(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "upload", {"a": b"slice" * 20, "b": b"slice" * 30})
    valid = path.read_bytes()
    for position in range(valid.index(b"PK\x01\x02"), len(valid)):
        path.write_bytes(valid[:position] + bytes([valid[position] ^ 0xFF]) + valid[position + 1 :])
        try:
            for member in opened(path):
                member.read()
        except IntakeError:
            continue


def with_zip64_record(path: Path, directory_bytes: int | None = None) -> Path:
    """The zip with a zip64 record and its locator before the end record, whose own length is then unknown."""
    data = path.read_bytes()
    end = data.rindex(b"PK\x05\x06")
    count, length, offset = struct.unpack_from("<H2L", data, end + 10)
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, directory_bytes or length, offset)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    unknown = data[end : end + 12] + b"\xff" * 8 + data[end + 20 :]
    path.write_bytes(data[:end] + record + locator + unknown)
    return path


def test_a_zip64_with_its_own_directory_record_is_read(tmp_path: Path) -> None:
    path = with_zip64_record(zip_of(tmp_path / "upload", {"1": b"one", "2": b"two"}))
    assert [member.read() for member in opened(path)] == [b"one", b"two"]


@pytest.mark.parametrize("zip64", [False, True])
def test_a_directory_of_more_entries_than_files_may_be_is_refused_before_it_is_listed(
    tmp_path: Path, zip64: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zip_of(tmp_path / "upload", {str(number): b"" for number in range(30)})
    monkeypatch.setattr(zip_archives, "open_zip", None)
    with pytest.raises(OverBudget):
        opened(with_zip64_record(path) if zip64 else path, Budgets(members=10))


def test_a_directory_that_is_longer_than_the_zip_is_damaged(tmp_path: Path) -> None:
    path = with_zip64_record(zip_of(tmp_path / "upload", {"1": b"one"}), 2**40)
    with pytest.raises(BrokenArchive):
        opened(path)

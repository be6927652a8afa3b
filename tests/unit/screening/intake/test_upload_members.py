"""Members: the bytes read are the bytes packed, no more are read than requested, and wrong declarations are refused."""

import os
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from screening.errors import BrokenArchive
from screening.intake.budgets import Budgets, UploadTotals
from screening.intake.upload_members import START_BYTES, Member
from screening.intake.zip_archives import zip_members


def members_of(path: Path) -> list[Member]:
    return zip_members(path, UploadTotals(Budgets(compression_ratio=1e6)))


def packed_member(folder: Path, data: bytes, packing: int = zipfile.ZIP_DEFLATED) -> Member:
    path = folder / "upload.zip"
    with zipfile.ZipFile(path, "w", packing) as archive:
        archive.writestr("first", b"something before")
        archive.writestr("Surname^Name.dcm", data)
    return members_of(path)[1]


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(max_size=200)
    | st.builds(lambda part, times: part * times, st.binary(min_size=1, max_size=9), st.integers(1, 40_000)),
    length=st.integers(0, 400_000),
    packing=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
)
def test_first_bytes_are_the_beginning_of_the_member(tmp_path: Path, data: bytes, length: int, packing: int) -> None:
    member = packed_member(tmp_path, data, packing)
    assert member.read() == data
    assert member.first_bytes(length) == data[:length]


def test_incompressible_bytes_give_all_the_requested_first_bytes(tmp_path: Path) -> None:
    data = os.urandom(300_000)
    assert packed_member(tmp_path, data).first_bytes(200_000) == data[:200_000]


def test_a_plain_file_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "slice"
    path.write_bytes(b"0123456789")
    member = Member("file 1", path, 10)
    assert (member.first_bytes(4), member.first_bytes(99), member.read()) == (b"0123", b"0123456789", b"0123456789")


def test_the_start_is_read_once_and_goes_to_no_other_process(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 2)
    member = Member("file 1", path, 512)
    assert member.start == path.read_bytes()[:START_BYTES]
    path.unlink()
    assert len(member.start) == START_BYTES
    sent = pickle.loads(pickle.dumps(member))  # noqa: S301 - our own
    assert sent == member
    assert "start" not in vars(sent)


def test_a_member_pickles(tmp_path: Path) -> None:
    member = packed_member(tmp_path, b"x" * 1000)
    assert pickle.loads(pickle.dumps(member)).read() == b"x" * 1000  # noqa: S301 - our own bytes
    assert "Surname" not in repr(member)


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_wrong_checksum_is_refused(tmp_path: Path, packing: int) -> None:
    member = packed_member(tmp_path, b"slice" * 100, packing)
    assert member.packed is not None
    assert member.packed.checksum is not None
    lying = replace(member, packed=replace(member.packed, checksum=member.packed.checksum ^ 1))
    with pytest.raises(BrokenArchive, match="file 2"):
        lying.read()


@pytest.mark.parametrize("declared", [499, 501])
def test_a_member_longer_or_shorter_than_declared_is_refused(tmp_path: Path, declared: int) -> None:
    with pytest.raises(BrokenArchive):
        replace(packed_member(tmp_path, b"slice" * 100), size=declared).read()


def test_a_member_that_declares_one_byte_and_holds_64_mib_yields_nothing(tmp_path: Path) -> None:
    lying = replace(packed_member(tmp_path, bytes(64 << 20)), size=1)
    with pytest.raises(BrokenArchive):
        next(lying.chunks())


def test_damaged_packed_bytes_are_refused(tmp_path: Path) -> None:
    member = packed_member(tmp_path, b"slice" * 1000)
    assert member.packed is not None
    data = bytearray(member.path.read_bytes())
    start = data.index(b"Surname^Name.dcm") + len("Surname^Name.dcm")
    data[start : start + 8] = b"\xff" * 8
    member.path.write_bytes(data)
    for read in (member.read, lambda: member.first_bytes(100)):
        with pytest.raises(BrokenArchive):
            read()


def test_a_directory_that_points_nowhere_is_refused(tmp_path: Path) -> None:
    member = packed_member(tmp_path, b"slice")
    assert member.packed is not None
    with pytest.raises(BrokenArchive, match="points to where no file is"):
        replace(member, packed=replace(member.packed, offset=3)).read()


def test_a_missing_file_is_reported_without_its_path(tmp_path: Path) -> None:
    with pytest.raises(BrokenArchive) as refusal:
        Member("file 1", tmp_path / "gone", 10).read()
    assert str(tmp_path) not in refusal.value.detail

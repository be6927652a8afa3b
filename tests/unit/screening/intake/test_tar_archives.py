"""Tar archives: files of every format are listed where they lie, hostile or broken ones are refused completely."""

import contextlib
import io
import tarfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.errors import BrokenArchive, OverBudget, StudyError, UnsafeMember
from screening.intake.budgets import MIB, RECORDS_PER_MEMBER, Budgets, UploadTotals
from screening.intake.tar_archives import is_tar, tar_members
from screening.intake.upload_members import Member

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=300)


def opened(path: Path, budgets: Budgets = Budgets()) -> list[Member]:  # noqa: B008 - frozen
    return tar_members(path, UploadTotals(budgets))


def tar_of(files: list[tuple[str, bytes]], tar_format: int = tarfile.PAX_FORMAT, **fields: object) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:", format=tar_format) as archive:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            for field, value in fields.items():
                setattr(entry, field, value)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


@pytest.mark.parametrize("tar_format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_files_are_listed_in_order_with_neutral_names(tmp_path: Path, tar_format: int) -> None:
    path = tmp_path / "upload"
    path.write_bytes(tar_of([("/Surname/2", b"two"), ("../Surname/1", b""), ("C:\\3", b"x" * 1000)], tar_format))
    assert is_tar(path.read_bytes()[:352])
    members = opened(path)
    assert [(one.label, one.read()) for one in members] == [
        ("file 1", b"two"),
        ("file 2", b""),
        ("file 3", b"x" * 1000),
    ]
    assert list(tmp_path.iterdir()) == [path]


@settings(deadline=None, max_examples=40)
@given(files=st.lists(st.tuples(NAMES, st.binary(max_size=2000)), max_size=6))
def test_any_names_and_contents(tmp_path_factory: pytest.TempPathFactory, files: list[tuple[str, bytes]]) -> None:
    path = tmp_path_factory.mktemp("tar") / "upload"
    path.write_bytes(tar_of(files))
    assert [one.read() for one in opened(path)] == [content for _, content in files]


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.GNUTYPE_SPARSE]
)
def test_what_is_no_plain_file_is_refused(tmp_path: Path, kind: bytes) -> None:
    path = tmp_path / "upload"
    path.write_bytes(tar_of([("a", b"")], tarfile.GNU_FORMAT, type=kind, linkname="/etc/passwd"))
    with pytest.raises((UnsafeMember, BrokenArchive)):
        opened(path)


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9])
def test_a_tar_cut_off_anywhere_is_refused(tmp_path: Path, kept: float) -> None:
    data = tar_of([(str(number), bytes([number]) * 700) for number in range(1, 20)])
    end = data.rindex(bytes([19]) * 700) + 1024
    (tmp_path / "upload").write_bytes(data[: int(end * kept)])
    with pytest.raises(BrokenArchive):
        opened(tmp_path / "upload")


def test_a_tar_cut_off_between_two_files_is_refused(tmp_path: Path) -> None:
    data = tar_of([("a", b"a" * 512), ("b", b"b" * 512)], tarfile.USTAR_FORMAT)
    (tmp_path / "upload").write_bytes(data[:1024])
    with pytest.raises(BrokenArchive, match="end"):
        opened(tmp_path / "upload")


def test_global_headers_are_not_gone_through_again_for_each_file(tmp_path: Path) -> None:
    keys = {f"key{number}": "a" for number in range(30_000)}
    with tarfile.open(tmp_path / "upload", "w:", format=tarfile.PAX_FORMAT, pax_headers=keys) as archive:
        for number in range(2_000):
            archive.addfile(tarfile.TarInfo(str(number)))
    begun = time.process_time()
    assert len(opened(tmp_path / "upload")) == 2_000
    assert time.process_time() - begun < 4  # 0.3 s; 15 s with the keys of each header kept


def test_many_headers_of_one_file_are_not_read(tmp_path: Path) -> None:
    """Each is short enough; together they are not."""
    one = tarfile.TarInfo.create_pax_global_header({"comment": "x" * (MIB // 4)})
    path = tmp_path / "upload"
    path.write_bytes(one * 2 + tar_of([("a", b"")]))
    assert len(opened(path)) == 1
    path.write_bytes(one * 5 + tar_of([("a", b"")]))
    with pytest.raises(BrokenArchive):
        opened(path)


@settings(deadline=None, max_examples=40)
@given(files=st.integers(1, 6), records=st.integers(0, 40))
def test_records_of_all_files_share_one_limit(
    tmp_path_factory: pytest.TempPathFactory, files: int, records: int
) -> None:
    """However they are spread: what programs write is read, and a tar that is made of records is refused."""
    said = {f"key{number}": "a" for number in range(records)}
    path = tmp_path_factory.mktemp("tar") / "upload"
    path.write_bytes(tar_of([(str(number), b"x") for number in range(files)], pax_headers=said))
    budgets = Budgets(members=files)
    if records <= RECORDS_PER_MEMBER:
        assert len(opened(path, budgets)) == files
    else:
        with pytest.raises(OverBudget, match="records"):
            opened(path, budgets)


def test_a_tar_that_is_made_of_records_is_refused_before_they_are_all_read(tmp_path: Path) -> None:
    """10,000 records in each of 2,000 headers would take 50 s of a decode worker."""
    said = {f"key{number}": "a" for number in range(10_000)}
    file = tarfile.TarInfo("a")
    file.pax_headers = said
    path = tmp_path / "upload"
    path.write_bytes(file.tobuf(tarfile.PAX_FORMAT) * 100)
    with pytest.raises(OverBudget, match="records"):
        opened(path)


def test_a_header_that_claims_to_be_as_long_as_the_file_is_not_read(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "upload", "w:", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("x" * 8 * MIB))
    with pytest.raises(BrokenArchive):
        opened(tmp_path / "upload")


@pytest.mark.parametrize("budgets", [Budgets(members=2), Budgets(total_bytes=1000), Budgets(member_bytes=500)])
def test_budgets_hold(tmp_path: Path, budgets: Budgets) -> None:
    (tmp_path / "upload").write_bytes(tar_of([(str(number), bytes(600)) for number in range(3)]))
    with pytest.raises(OverBudget):
        opened(tmp_path / "upload", budgets)


@settings(deadline=None, max_examples=150)
@given(places=st.lists(st.tuples(st.integers(0, 6000), st.integers(0, 255)), min_size=1, max_size=8))
def test_changed_bytes_raise_only_study_errors(
    tmp_path_factory: pytest.TempPathFactory, places: list[tuple[int, int]]
) -> None:
    data = bytearray(tar_of([("a" * 150, b"a" * 600), ("b", b"b" * 600)]))
    for place, value in places:
        data[place % len(data)] = value
    path = tmp_path_factory.mktemp("tar") / "upload"
    path.write_bytes(data)
    with contextlib.suppress(StudyError):
        [member.read() for member in opened(path)]

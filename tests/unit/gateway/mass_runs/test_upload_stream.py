"""A folder becomes a zip on its way, the same one whatever its files are called."""

import os
from pathlib import Path
from zipfile import ZipFile

import pytest

from gateway.mass_runs.upload_stream import BLOCK, bytes_of
from screening.errors import BrokenArchive, EmptyUpload, UnsafeMember
from screening.intake import Budgets, open_upload


async def packed(path: Path) -> bytes:
    return b"".join([chunk async for chunk in await bytes_of(path)])


async def test_a_folder_is_read_back_as_it_lay(tmp_path: Path) -> None:
    contents = [os.urandom(3 * BLOCK + 7), b"", b"small"]
    (tmp_path / "study" / "sub").mkdir(parents=True)
    for name, content in zip(("1", "2", "sub/3"), contents, strict=True):
        (tmp_path / "study" / name).write_bytes(content)
    target = tmp_path / "sent.zip"
    target.write_bytes(await packed(tmp_path / "study"))
    with ZipFile(target) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["000001", "000002", "000003"]
    here, there = (open_upload(path, tmp_path / "scratch", Budgets()) for path in (tmp_path / "study", target))
    assert [member.read() for member in there] == [member.read() for member in here] == contents


async def test_names_and_dates_of_files_do_not_leave(tmp_path: Path) -> None:
    for folder, name in (("a", "Muster^Anna.dcm"), ("b", "1.dcm")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(b"slice")
    os.utime(tmp_path / "b" / "1.dcm", (0, 0))
    assert await packed(tmp_path / "a") == await packed(tmp_path / "b")


async def test_a_file_goes_as_it_is_in_blocks(tmp_path: Path) -> None:
    content = os.urandom(2 * BLOCK + 1)
    (tmp_path / "study.zip").write_bytes(content)
    blocks = [block async for block in await bytes_of(tmp_path / "study.zip")]
    assert b"".join(blocks) == content
    assert max(map(len, blocks)) <= 2 * BLOCK


async def test_what_cannot_be_sent_is_told_before_a_byte_is(tmp_path: Path) -> None:
    (tmp_path / "empty.zip").write_bytes(b"")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "1.dcm").symlink_to(tmp_path / "empty.zip")
    for name, error in {"empty.zip": EmptyUpload, "links": UnsafeMember, "gone.zip": BrokenArchive}.items():
        with pytest.raises(error):
            await bytes_of(tmp_path / name)

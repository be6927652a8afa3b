"""A folder is sent as a zip, which does not depend on the file names."""

import os
from pathlib import Path
from zipfile import ZipFile

import pytest

from gateway.mass_runs.upload_stream import BLOCK, upload_chunks
from screening.errors import BrokenArchive, EmptyUpload, UnsafeMember
from screening.intake.upload import Budgets, open_upload


async def stream_bytes(path: Path) -> bytes:
    return b"".join([chunk async for chunk in await upload_chunks(path)])


async def test_a_folder_is_read_back_unchanged(tmp_path: Path) -> None:
    contents = [os.urandom(3 * BLOCK + 7), b"", b"small"]
    (tmp_path / "study" / "sub").mkdir(parents=True)
    for name, content in zip(("1", "2", "sub/3"), contents, strict=True):
        (tmp_path / "study" / name).write_bytes(content)
    target = tmp_path / "sent.zip"
    target.write_bytes(await stream_bytes(tmp_path / "study"))
    with ZipFile(target) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["000001", "000002", "000003"]
    original, sent = (open_upload(path, tmp_path / "scratch", Budgets()) for path in (tmp_path / "study", target))
    assert [member.read() for member in sent] == [member.read() for member in original] == contents


async def test_names_and_dates_of_files_are_not_sent(tmp_path: Path) -> None:
    for folder, name in (("a", "Muster^Anna.dcm"), ("b", "1.dcm")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(b"slice")
    os.utime(tmp_path / "b" / "1.dcm", (0, 0))
    assert await stream_bytes(tmp_path / "a") == await stream_bytes(tmp_path / "b")


async def test_a_file_is_sent_unchanged_in_blocks(tmp_path: Path) -> None:
    content = os.urandom(2 * BLOCK + 1)
    (tmp_path / "study.zip").write_bytes(content)
    blocks = [block async for block in await upload_chunks(tmp_path / "study.zip")]
    assert b"".join(blocks) == content
    assert max(map(len, blocks)) <= 2 * BLOCK


async def test_an_unreadable_upload_is_an_error_before_the_first_byte(tmp_path: Path) -> None:
    (tmp_path / "empty.zip").write_bytes(b"")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "1.dcm").symlink_to(tmp_path / "empty.zip")
    for name, error in {"empty.zip": EmptyUpload, "links": UnsafeMember, "gone.zip": BrokenArchive}.items():
        with pytest.raises(error):
            await upload_chunks(tmp_path / name)

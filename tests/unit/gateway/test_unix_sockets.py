"""Unix sockets get paths within the limit for any TMPDIR."""

import tempfile
from pathlib import Path

import pytest

from gateway.cli.control_socket import control_socket, request_switch
from gateway.screening.network_switch import SwitchRefused
from gateway.unix_sockets import LONGEST_SUFFIX, MAX_PATH_BYTES, socket_folder


@pytest.mark.parametrize(("longer_by", "kept"), [(0, True), (1, False)])
def test_tmpdir_is_replaced_when_the_socket_path_would_be_too_long(
    longer_by: int, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = "/" + "x" * (MAX_PATH_BYTES - LONGEST_SUFFIX - 1 + longer_by)
    monkeypatch.setattr(tempfile, "tempdir", chosen)
    assert (socket_folder() == chosen) is kept


async def test_a_switch_request_arrives_under_a_long_tmpdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("job" * 40)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))

    async def refuse(folder: str, tell: object) -> None:
        raise SwitchRefused(f"heard of {folder}")

    async with control_socket(refuse) as path:
        with pytest.raises(SwitchRefused, match="heard of new"):
            await request_switch(path, Path("new"), print)
    assert not path.parent.exists()

"""A folder of one process: who may delete it, and when."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engines.owned_folder import delete_abandoned, owned_folder

PREFIX = "own-"
OWNER = """
import sys
from pathlib import Path
from engines.owned_folder import owned_folder

with owned_folder(Path(sys.argv[1]), "own-") as folder:
    (folder / "patient.dcm").write_bytes(b"a patient's data")
    print(folder, flush=True)
    sys.stdin.read()
"""


@contextmanager
def owner(parent: Path) -> Iterator[tuple["subprocess.Popen[str]", Path]]:
    """Another process that owns a folder until its input ends."""
    command = [sys.executable, "-c", OWNER, str(parent)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield process, Path(process.stdout.readline().strip())


def test_it_exists_until_the_block_ends_for_its_user_only(tmp_path: Path) -> None:
    with owned_folder(tmp_path / "made", PREFIX) as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert folder.name.startswith(PREFIX)
    assert list((tmp_path / "made").iterdir()) == []


def test_the_folder_of_a_killed_process_is_deleted_by_the_next(tmp_path: Path) -> None:
    with owner(tmp_path) as (process, left):
        process.send_signal(signal.SIGKILL)
    assert (left / "patient.dcm").exists()
    with owned_folder(tmp_path, PREFIX):
        assert not left.exists()


def test_the_folder_of_a_living_process_stays(tmp_path: Path) -> None:
    with owner(tmp_path) as (_, used), owned_folder(tmp_path, PREFIX) as own:
        assert delete_abandoned(tmp_path, PREFIX) == 0
        assert (used / "patient.dcm").exists()
        assert own.is_dir()
    assert not used.exists(), "its process has ended"


def test_other_files_and_links_stay(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    (tmp_path / "own-link").symlink_to(outside)
    (tmp_path / "own-file").touch()
    (tmp_path / "owned-by-others").mkdir()
    assert delete_abandoned(tmp_path, PREFIX) == 0
    assert (outside / "kept").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"outside", "own-link", "own-file", "owned-by-others"}

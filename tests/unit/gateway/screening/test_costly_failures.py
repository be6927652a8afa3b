"""A stored file that took long and could not be read costs nothing the second time."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.screening.costly_failures import CostlyFailures
from gateway.storage.blobs import Blobs
from screening.errors import DecodeTimeout, EngineDeadline, NotDicom, StudyError

CONTENT = b"a file that holds a worker"
LIMITS = (60.0, 2**31)


async def chunks() -> AsyncIterator[bytes]:
    yield CONTENT


class Reading:
    """An operation that fails with an error, and counts how often it was tried."""

    def __init__(self, error: StudyError | None, seconds: float = 0.0) -> None:
        self.error, self.seconds, self.tries = error, seconds, 0

    async def __call__(self) -> str:
        self.tries += 1
        await asyncio.sleep(self.seconds)
        if self.error is not None:
            raise self.error
        return "read"


async def test_the_second_look_has_the_same_error_and_runs_nothing_also_in_another_process(tmp_path: Path) -> None:
    sha256 = (await Blobs(tmp_path).store(chunks())).sha256
    reading = Reading(DecodeTimeout("reading this study took longer than 60 s"))
    for _ in range(3):
        with pytest.raises(DecodeTimeout, match="longer than 60 s"):
            await CostlyFailures(Blobs(tmp_path), costly_s=0.0).run(sha256, "series", LIMITS, reading)
    assert reading.tries == 1


async def test_other_operations_and_other_files_are_tried(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    sha256, failures = (await blobs.store(chunks())).sha256, CostlyFailures(blobs, costly_s=0.0)
    with pytest.raises(DecodeTimeout):
        await failures.run(sha256, "volume-1", LIMITS, Reading(DecodeTimeout("too long")))
    assert await failures.run(sha256, "volume-4", LIMITS, Reading(None)) == "read"
    assert await failures.run("0" * 64, "volume-1", LIMITS, Reading(None)) == "read"


async def test_a_raised_limit_and_another_release_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = Blobs(tmp_path)
    sha256, failures = (await blobs.store(chunks())).sha256, CostlyFailures(blobs, costly_s=0.0)
    with pytest.raises(DecodeTimeout):
        await failures.run(sha256, "series", LIMITS, Reading(DecodeTimeout("too long")))
    assert await failures.run(sha256, "series", (120.0, 2**31), Reading(None)) == "read"
    monkeypatch.setattr("gateway.screening.costly_failures.version", lambda _: "99.0")
    assert await failures.run(sha256, "series", LIMITS, Reading(None)) == "read"


@pytest.mark.parametrize(
    ("error", "costly_s", "kept_s"),
    [(EngineDeadline("no worker was free"), 0.0, 60.0), (NotDicom("quick"), 60.0, 60.0), (NotDicom("old"), 0.0, 0.0)],
    ids=["transient", "cheap", "long ago"],
)
async def test_what_may_be_different_next_time_is_tried_again(
    tmp_path: Path, error: StudyError, costly_s: float, kept_s: float
) -> None:
    sha256, reading = (await Blobs(tmp_path).store(chunks())).sha256, Reading(error)
    for _ in range(2):
        with pytest.raises(type(error)):
            await CostlyFailures(Blobs(tmp_path), costly_s, kept_s).run(sha256, "series", LIMITS, reading)
    assert reading.tries == 2


async def test_a_deleted_file_leaves_no_failure(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    sha256, failures = (await blobs.store(chunks())).sha256, CostlyFailures(blobs, costly_s=0.0)
    with pytest.raises(NotDicom):
        await failures.run(sha256, "series", LIMITS, Reading(NotDicom("costly")))
    await blobs.delete(sha256)
    with pytest.raises(NotDicom):
        await failures.run(sha256, "series", LIMITS, Reading(NotDicom("costly")))
    assert [path for path in (tmp_path / "derived").rglob("*") if path.is_file()] == []

"""Fixtures for every test: the real studies beside the checkout, and a folder for what a person should look at."""

from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

settings.register_profile("turnstile", deadline=None)  # a busy machine is no failure: tests never assert a time
settings.load_profile("turnstile")

ROOT = Path(__file__).resolve().parent.parent
REAL_DATA = ROOT.parent / "shared" / "data"


class ByRoom(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Who runs what beside whom, for the test command's `-n 2`.

    A folder of the integration tests is one room, whose tests stay in one process and in their order: some share
    servers, and the gateway's share TURNSTILE_HOME with the note of a running `up`. So do the page's tests, with one
    house and one browser. Elsewhere a module is a room.
    """

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        if module.startswith("tests/e2e/"):
            return "tests/e2e"
        return "/".join(module.split("/")[:3]) if module.startswith("tests/integration/") else module


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByRoom:
    """The scheduler of the test command; without `-n` nobody asks, and one test follows the other."""
    return ByRoom(config, log)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Real chest CT (see its README); absent on a user's machine, where these tests skip."""
    if not REAL_DATA.is_dir():
        pytest.skip("real CT is not beside this checkout (../shared/data)")
    return REAL_DATA


@pytest.fixture(scope="session")
def out_dir() -> Path:
    """Contact sheets and other pictures for a person's eyes; ignored by git."""
    folder = ROOT / "out" / "tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder

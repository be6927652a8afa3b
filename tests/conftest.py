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

    What starts servers stays in one process, in its order: it shares TURNSTILE_HOME, and with it the note of a running
    `up`. So do the page's tests, which share a house and a browser. All other modules are free to run beside them.
    """

    def _split_scope(self, nodeid: str) -> str:
        room = "/".join(nodeid.split("/", 2)[:2])
        return room if room in ("tests/integration", "tests/e2e") else nodeid.partition("::")[0]


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

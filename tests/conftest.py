"""Fixtures for every test: the real studies beside the checkout, and a folder for pictures."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.examples import HEAVY

# Tests never fail because the machine is slow.
LIGHT = "light"
for profile in (LIGHT, HEAVY):
    settings.register_profile(profile, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(LIGHT)

ROOT = Path(__file__).resolve().parent.parent
REAL_DATA = ROOT.parent / "shared" / "data"


class SchedulingByFolder(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Distributes tests over the processes of `-n 2`.

    The tests of one folder of tests/integration run in one process and in order: most share servers. So do the tests of
    the page, with one service and one browser, and those of exports, with the same exported repositories. Other tests
    are distributed by module.
    """

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        for folder in ("tests/e2e", "tests/unit/export"):
            if module.startswith(f"{folder}/"):
                return folder
        return "/".join(module.split("/")[:3]) if module.startswith("tests/integration/") else module


def pytest_addoption(parser: pytest.Parser) -> None:
    """Whether the heavy tests run, which take minutes each; and how long they take.

    `--chaos-minutes` and `--chaos-seed` are the length and the order of what goes wrong in tests/integration/chaos, and
    `--pacs-studies` what tests/integration/pacs/test_kills.py sends meanwhile.
    """
    parser.addoption("--heavy", action="store_true", help="Also run the tests that take minutes each.")
    parser.addoption("--chaos-minutes", type=float, default=0.0, help="Minutes of troubles; at least one round.")
    parser.addoption("--chaos-seed", default="20261127", help="Of the order and the length of the troubles.")
    parser.addoption("--pacs-studies", type=int, default=4, help="Studies that are sent while processes are killed.")


def pytest_configure(config: pytest.Config) -> None:
    """The number of examples of costly property tests."""
    if config.getoption("heavy"):
        settings.load_profile(HEAVY)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the heavy tests where they are not asked for."""
    if not config.getoption("heavy"):
        skip = pytest.mark.skip(reason="takes minutes: run `python3 do.py test --heavy`")
        for item in items:
            if item.get_closest_marker("heavy"):
                item.add_marker(skip)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> SchedulingByFolder:
    """The scheduler of the test command; without `-n` the tests run one after the other."""
    return SchedulingByFolder(config, log)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Real chest CT (see its README); absent on a user's machine, where these tests skip."""
    if not REAL_DATA.is_dir():
        pytest.skip("real CT is not beside this checkout (../shared/data)")
    return REAL_DATA


@pytest.fixture(scope="session")
def out_dir() -> Path:
    """A folder for contact sheets and other pictures to look at; ignored by git."""
    folder = ROOT / "out" / "tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder

"""Fixtures for every test: the real studies beside the checkout, and a folder for what a person should look at."""

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("turnstile", deadline=None)  # a busy machine is no failure: tests never assert a time
settings.load_profile("turnstile")

ROOT = Path(__file__).resolve().parent.parent
REAL_DATA = ROOT.parent / "shared" / "data"
# What starts servers stays in one process, in its order: they share TURNSTILE_HOME, and with it the note of a running
# `up`. So do the page's tests, which share a house and a browser. All else is free to run beside them.
ALONE = {"integration": "servers", "e2e": "browser"}


@pytest.hookimpl(tryfirst=True)  # before xdist's own, which reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group the tests for `-n 2 --dist loadgroup`, as the test command has it; alone they run one after the other."""
    for item in items:
        if group := ALONE.get(item.path.relative_to(ROOT / "tests").parts[0]):
            item.add_marker(pytest.mark.xdist_group(group))


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

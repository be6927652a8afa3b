"""Fixtures for every test: the real studies beside the checkout, and a folder for what a person should look at."""

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("turnstile", deadline=None)  # a busy machine is no failure: tests never assert a time
settings.load_profile("turnstile")

ROOT = Path(__file__).resolve().parent.parent
REAL_DATA = ROOT.parent / "shared" / "data"


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

"""Debian's own Chromium, driven by Playwright; none is downloaded."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
FLAGS: Final = (
    "--no-sandbox",  # root in a container cannot create namespaces
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """A browser without a window; the test is skipped, with the reason, where none is installed."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no Chromium on this machine (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()

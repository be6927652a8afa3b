"""One gateway and one browser for the whole package; a window of its own for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from screening.phantom import write_phantom
from tests.e2e.chromium import running_chromium
from tests.e2e.running_service import new_patient, new_scan, running_house
from tests.integration.gateway.running_gateway import RunningGateway

PATIENCE_MS = 60_000  # a busy machine is no failure
expect.set_options(timeout=PATIENCE_MS)

Window = Callable[..., Page]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Package scope, for Playwright leaves its event loop in the main thread as long as it lives."""
    with running_chromium() as running:
        yield running


@pytest.fixture(scope="package")
def house(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """Gateway, Triton, PostgreSQL and the page; not even begun where there is no browser."""
    with running_house(tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.fixture(scope="package")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zip with a synthetic chest: the heart left, the liver and a nodule right."""
    return write_phantom(tmp_path_factory.mktemp("phantom") / "phantom.zip", slices=48, size=256)


@pytest.fixture(scope="package")
def scan(house: RunningGateway, phantom: Path) -> str:
    """The phantom's scan, analysed."""
    return new_scan(house, new_patient(house, "Viewed"), phantom)


@pytest.fixture
def window(browser: Browser, house: RunningGateway) -> Iterator[Window]:
    """Opens a window of its own: size, language and colours by name. None may log an error of its own making."""
    contexts: list[BrowserContext] = []
    failures: list[str] = []

    def opened(
        path: str = "/", *, width: int = 1280, height: int = 800, language: str = "en", colours: str = "dark"
    ) -> Page:
        context = browser.new_context(
            base_url=house.url,
            viewport={"width": width, "height": height},
            locale={"en": "en-GB", "ru": "ru-RU"}[language],
            color_scheme="light" if colours == "light" else "dark",
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not failures

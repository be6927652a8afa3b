"""One gateway and one browser for the whole package; each test opens its own pages."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from screening.phantom.phantom_study import write_phantom
from tests.e2e.chromium import running_chromium
from tests.e2e.running_service import new_patient, new_scan, running_service
from tests.integration.gateway.running_gateway import RunningGateway

PATIENCE_MS = 60_000  # long, so that a busy machine does not fail a test
expect.set_options(timeout=PATIENCE_MS)

OpenPage = Callable[..., Page]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Package scope, since Playwright keeps its event loop in the main thread until it stops."""
    with running_chromium() as running:
        yield running


@pytest.fixture(scope="package")
def service(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """Gateway, Triton, PostgreSQL and the page; not started where there is no browser."""
    with running_service(tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture(scope="package")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zip with a synthetic chest: the heart left, the liver and a nodule right."""
    return write_phantom(tmp_path_factory.mktemp("phantom") / "phantom.zip", slices=48, size=256)


@pytest.fixture(scope="package")
def scan(service: RunningGateway, phantom: Path) -> str:
    """The phantom's scan, analysed."""
    return new_scan(service, new_patient(service, "Viewed"), phantom)


@pytest.fixture
def open_page(browser: Browser, service: RunningGateway) -> Iterator[OpenPage]:
    """Opens a page with a size, language and colours. The test fails when a page throws a JavaScript error."""
    contexts: list[BrowserContext] = []
    failures: list[str] = []

    def open_(
        path: str = "/", *, width: int = 1280, height: int = 800, language: str = "en", colours: str = "dark"
    ) -> Page:
        context = browser.new_context(
            base_url=service.url,
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

    yield open_
    for context in contexts:
        context.close()
    assert not failures

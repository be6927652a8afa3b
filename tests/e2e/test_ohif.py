"""A scan with its result in the real OHIF: the study list, all series, slices, segmentation, captures, SR and PDF."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, FloatRect, Locator, Page, expect

from gateway.permissions import Role
from tests.e2e.ohif import running_ohif
from tests.integration.gateway.auth.api_calls import UNREACHABLE, bearer, make_token
from tests.integration.gateway.records.dicomweb.held_study import READING_S, store_with_report, write_named_chest
from tests.integration.gateway.records.stored_scans import StoredScans
from tests.integration.gateway.running_gateway import RunningGateway, running_gateway
from tests.integration.polling import until

PATIENCE_MS = 240_000
SLICE, PDF = "canvas.cornerstone-canvas", "object[type='application/pdf']"
SAID = (  # by the SR
    "Screening verdict: Abnormal",
    "Turnstile is no medical device; a radiologist decides.",
    "Nodule of lung: Present",
    "Atelectasis: Not Attempted",
    "Coverage of both lungs: Complete",
)


@pytest.fixture(scope="module")
def origin(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """OHIF's origin before a gateway with a reported scan, and the token of a radiologist."""
    folder = tmp_path_factory.mktemp("ohif")
    (folder / "scratch").mkdir()
    with running_gateway(folder / "scratch", triton_url=UNREACHABLE, workers=0, local_admin=False) as gateway:
        with ThreadPoolExecutor(1) as thread:  # Playwright's event loop runs in this one
            token = thread.submit(_stored, gateway, write_named_chest(folder, 32, 128)).result()
        with running_ohif(gateway.url) as url:
            yield url, token


def _stored(gateway: RunningGateway, archive: Path) -> str:
    """Store the scan with its report; return a radiologist's token."""
    token = make_token(gateway.store.database_url.get_secret_value(), Role.RADIOLOGIST, "local")
    with gateway.client(headers=bearer(token)) as client:
        store_with_report(client, StoredScans(gateway), archive)
        until(lambda: client.get("/dicom-web/studies").status_code == 200, READING_S)
    return token


@pytest.fixture
def viewer(browser: Browser, origin: tuple[str, str]) -> Iterator[Page]:
    """A page that is signed in by the session cookie of the same origin."""
    url, token = origin
    context = browser.new_context(base_url=url, viewport={"width": 1600, "height": 1000})
    context.set_default_timeout(PATIENCE_MS)
    answer = context.request.post("/auth/token", data={"token": token}, headers={"Origin": url})
    assert answer.status == 204, answer.text()
    yield context.new_page()
    context.close()


@pytest.mark.heavy
def test_a_scan_opens_with_its_results(viewer: Page, out_dir: Path) -> None:
    viewer.goto("/")
    viewer.get_by_text("HELD-1").wait_for()
    expect(viewer.get_by_text("Анна, Ковалёва")).to_be_visible(timeout=PATIENCE_MS)
    uid = viewer.request.get("/dicom-web/studies").json()[0]["0020000D"]["Value"][0]
    viewer.goto(f"/viewer?StudyInstanceUIDs={uid}")
    viewer.get_by_text("Skip all").click()
    for name in ("result", "segmentation", "activation map", "heatmap", "key slice", "box", "report"):
        expect(_series(viewer, name)).to_be_attached(timeout=PATIENCE_MS)
    viewer.get_by_text("1500").wait_for()  # the window, which stands on the drawn slice
    until(lambda: _pixels(viewer).mean() > 20, READING_S)
    assert _coloured(viewer) < 100
    _series(viewer, "segmentation").dblclick()
    viewer.get_by_text("Do you want to open this Segmentation?").wait_for()
    until(lambda: _coloured(viewer) > 5000, READING_S)
    viewer.screenshot(path=out_dir / "ohif-segmentation.png")
    _series(viewer, "heatmap").dblclick()
    viewer.get_by_text("Do you want to open this Segmentation?").wait_for(state="hidden")
    until(lambda: _coloured(viewer) < 100 and _pixels(viewer).mean() > 20, READING_S)  # its first slice has no heat
    viewer.screenshot(path=out_dir / "ohif-heatmap.png")
    _series(viewer, "result").dblclick()
    for line in SAID:
        viewer.get_by_text(line).first.wait_for()
    viewer.screenshot(path=out_dir / "ohif-sr.png")
    _series(viewer, "report").dblclick()
    viewer.locator(PDF).wait_for()
    until(lambda: _pixels(viewer, PDF).mean() > 120, READING_S)  # white paper
    viewer.screenshot(path=out_dir / "ohif-pdf.png")


def _series(viewer: Page, name: str) -> Locator:
    return viewer.get_by_text(f"Turnstile {name}, not a medical device")


def _pixels(viewer: Page, shown: str = SLICE) -> NDArray[np.uint8]:
    """The middle of what is shown [rows, columns, RGB]."""
    box = viewer.locator(shown).first.bounding_box()
    assert box is not None
    clip = FloatRect(
        x=box["x"] + box["width"] / 4, y=box["y"] + box["height"] / 4, width=box["width"] / 2, height=box["height"] / 2
    )
    drawn = cv2.imdecode(np.frombuffer(viewer.screenshot(clip=clip), np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(drawn, np.uint8)


def _coloured(viewer: Page) -> int:
    """How many pixels of it are not grey."""
    pixels = _pixels(viewer).astype(int)
    return int((pixels.max(axis=2) - pixels.min(axis=2) > 30).sum())

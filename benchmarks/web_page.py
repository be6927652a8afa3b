"""The size of the page, and the time to its first slice in a real browser on the loopback: `benchmarks.web_page`.

The gateway is one of its own, without networks: looking needs none. Every round opens a new browser window, which
has nothing of the page in its cache.
"""

import shutil
import statistics
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

import httpx
import typer
from playwright.sync_api import Browser, sync_playwright
from rich.table import Table

from benchmarks.result_page import Save, Study, result_console
from benchmarks.service import Service, running_service
from screening.phantom.phantom_study import write_phantom

NO_TRITON = "127.0.0.1:9"
SLICES = 150
KIB = 1024
FLAGS: Final = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
DRAWN = "() => performance.getEntriesByName('viewer-first-slice').length > 0"
WHOLE = "() => !document.querySelector('[data-loading=true]')"
SEEN = """() => {
    const [first] = performance.getEntriesByName('viewer-first-slice');
    return { viewer: first.duration, window: first.startTime + first.duration, whole: performance.now() };
}"""
WEIGHT = """() => Object.fromEntries(performance.getEntriesByType('resource')
    .filter(({ name }) => name.includes('/assets/'))
    .map((part) => [part.name.split('/').pop(), [part.encodedBodySize, part.decodedBodySize]]))"""
WORDS = {
    "window": "first slice, since the address was asked for",
    "viewer": "first slice, since the viewer opened",
    "whole": "whole volume, since the address was asked for",
}


def main(
    rounds: Annotated[int, typer.Option(help="How often the page is opened.")] = 7,
    study: Study = None,
    save: Save = None,
) -> None:
    """Measure, print, and save when asked."""
    with (
        result_console(save) as console,
        TemporaryDirectory(prefix="turnstile-benchmark-") as folder,
        running_service("/healthz", triton_url=NO_TRITON) as service,
        sync_playwright() as playwright,
    ):
        scan = scan_of(service, study or write_phantom(Path(folder) / "phantom.zip", slices=SLICES))
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        looks = [look(browser, f"{service.url}/scans/{scan}") for _ in range(rounds)]
        console.print(times([seen for seen, _ in looks]))
        console.print(weights(looks[-1][1]))
        browser.close()


def scan_of(service: Service, study: Path) -> str:
    """The id of a scan of the study."""
    with httpx.Client(base_url=service.url, timeout=600, trust_env=False) as client, study.open("rb") as file:
        patient = client.post("/api/patients", json={"first_name": "A", "last_name": "Reader", "description": ""})
        data = {"patient_id": patient.raise_for_status().json()["id"], "description": ""}
        scan = client.post("/api/scans", data=data, files={"file": (study.name, file)})
        return str(scan.raise_for_status().json()["id"])


def look(browser: Browser, url: str) -> tuple[dict[str, float], dict[str, tuple[int, int]]]:
    """Milliseconds to what a reader waits for, and the bytes of each part of the page, packed and plain."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.set_default_timeout(300_000)
    page.goto(url)
    page.wait_for_function(DRAWN)
    page.wait_for_function(WHOLE)
    seen: dict[str, float] = page.evaluate(SEEN)
    parts: dict[str, Any] = page.evaluate(WEIGHT)
    page.context.close()
    return seen, {name: (packed, plain) for name, (packed, plain) in parts.items()}


def times(looks: list[dict[str, float]]) -> Table:
    """The first look is apart: the gateway has read nothing of the study yet."""
    table = Table("ms", "first look", "median of the others", "lowest", "highest")
    for name, words in WORDS.items():
        first, *others = [seen[name] for seen in looks]
        row = [first, statistics.median(others), min(others), max(others)]
        table.add_row(words, *[f"{value:.0f}" for value in row])
    return table


def weights(parts: Mapping[str, tuple[int, int]]) -> Table:
    """By kind, as it goes over the wire and unpacked."""
    table = Table("of the report's page", "files", "KiB packed", "KiB plain")
    for kind in ("js", "css", "woff2"):
        of = [sizes for name, sizes in parts.items() if name.endswith(f".{kind}")]
        packed, plain = (sum(sizes) / KIB for sizes in zip(*of, strict=True)) if of else (0.0, 0.0)
        table.add_row(kind, str(len(of)), f"{packed:.0f}", f"{plain:.0f}")
    return table


if __name__ == "__main__":
    typer.run(main)

"""The demo of `turnstile up`: its studies become scans of two synthetic patients, so that the page shows them.

It calls the API of the running gateway as any client does. A scan that an earlier start has uploaded is analysed
again, with the networks in force.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx

from gateway.cli.demo import DemoStudy, print_studies, written_studies
from gateway.cli.messages import console, errors

LAST_NAME: Final = "Phantom"
DESCRIPTION: Final = "synthetic, of no patient"
WAIT_S: Final = 30.0
POLL_S: Final = 0.5
TIMEOUT_S: Final = 120.0


async def show_on_page(url: str) -> None:
    """Show the studies; where that fails, say so: the service goes on, and a demo must not end it."""
    try:
        await _show(url)
    except* httpx.HTTPError as failed:
        error = failed.exceptions[0]
        errors.print(f"the synthetic studies could not be shown: {type(error).__name__}: {error}", style="yellow")


async def _show(url: str) -> None:
    """Upload and analyse the studies, print their reports side by side and where the page shows them."""
    async with (
        written_studies() as paths,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=TIMEOUT_S) as client,
    ):
        scans = [await _scan(client, study, path) for study, path in paths.items()]
        async with asyncio.TaskGroup() as group:  # where one fails, the other one ends too, before the client closes
            running = [group.create_task(_analysed(client, scan)) for scan in scans]
    print_studies({study.name: task.result() for study, task in zip(paths, running, strict=True)})
    for study, scan in zip(paths, scans, strict=True):
        console.print(f"[bold]{study.name:9}[/]{url}/scans/{scan}", highlight=False)
    console.print(f"[bold]worklist [/]{url}/worklist", highlight=False)


async def _scan(client: httpx.AsyncClient, study: DemoStudy, path: Path) -> str:
    """The id of the study's scan, which is uploaded unless it is there."""
    content = await asyncio.to_thread(path.read_bytes)
    patient = await _patient(client, study)
    scans = await _call(client, "GET", "/api/scans", params={"patient_id": patient, "limit": 100})
    digest = hashlib.sha256(content).hexdigest()
    known = [scan["id"] for scan in scans["items"] if scan["sha256"] == digest]
    if known:
        return str(known[0])
    form, files = {"patient_id": patient, "description": study.title}, {"file": (path.name, content)}
    return str((await _call(client, "POST", "/api/scans", data=form, files=files))["id"])


async def _patient(client: httpx.AsyncClient, study: DemoStudy) -> str:
    name = {"last_name": LAST_NAME, "first_name": study.name.capitalize()}
    found = await _call(client, "GET", "/api/patients", params={"q": LAST_NAME, "limit": 100})
    known = [one["id"] for one in found["items"] if name.items() <= one.items() and one["description"] == DESCRIPTION]
    made = known or [(await _call(client, "POST", "/api/patients", json=name | {"description": DESCRIPTION}))["id"]]
    return str(made[0])


async def _analysed(client: httpx.AsyncClient, scan: str) -> Mapping[str, Any]:
    """The report of a new analysis of the scan."""
    analysis = await _call(client, "POST", f"/api/scans/{scan}/analyze", params={"wait": WAIT_S})
    while analysis["state"] in ("queued", "running"):
        await asyncio.sleep(POLL_S)
        analysis = await _call(client, "GET", f"/api/scans/{scan}/analysis")
    report: Mapping[str, Any] = (await _call(client, "GET", f"/api/scans/{scan}/report"))["studies"][0]
    return report


async def _call(client: httpx.AsyncClient, method: str, path: str, **options: Any) -> Any:
    answer = await client.request(method, path, **options)
    return answer.raise_for_status().json()

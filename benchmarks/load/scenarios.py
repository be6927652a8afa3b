"""The three kinds of callers. On this machine, with a gateway that takes a request without credentials for its admin:

    locust -f benchmarks/load/scenarios.py --host http://127.0.0.1:8080 --headless -u 4 -t 60s --csv out/mass MassRun

`Ward` and `Browsing` are the other two. With `-f benchmarks/load/scenarios.py,benchmarks/load/stages.py` the callers
grow in stages, to find the knee. `TURNSTILE_BENCH_STUDY` names a study; without it a synthetic one is made.
"""

import os
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any, Final

from locust import HttpUser, between, constant, task

from screening.phantom import write_phantom

BUSY: Final = 429
PATIENCE_S: Final = 120
PAGES: Final = ("/api/scans?limit=50", "/api/scans?sort=probability&limit=50", "/api/patients?limit=50")


class MassRun(HttpUser):
    """An archive is screened: one study after the other, bound to no patient. A refusal is counted, and obeyed."""

    wait_time = constant(0)

    @task
    def predict(self) -> None:
        """Post one study."""
        files = {"file": ("study.zip", study())}
        with self.client.post("/inference/predict", files=files, timeout=PATIENCE_S, catch_response=True) as answer:
            if answer.status_code != BUSY:
                return
            answer.success()  # to refuse is right; the time of what is refused is not that of what is screened
            answer.request_meta["name"] = "/inference/predict (429)"
        time.sleep(float(answer.headers.get("Retry-After", 1)))


class Ward(HttpUser):
    """A ward: a patient, an upload, an analysis that is waited for, its report, and a look at three slices."""

    wait_time = between(1, 5)
    patient: str

    def on_start(self) -> None:
        """Each ward has a patient of its own."""
        self.patient = self._json("POST", "/api/patients", json={"first_name": "Load", "last_name": "Test"})["id"]

    @task
    def screen(self) -> None:
        """The way of one scan, from upload to slices."""
        form = {"patient_id": self.patient}
        scan = self._json("POST", "/api/scans", data=form, files={"file": ("study.zip", study())})["id"]
        path = f"/api/scans/{scan}"
        while self._json("POST", f"{path}/analyze?wait=30", name="/api/scans/[id]/analyze")["state"] not in FINAL:
            pass
        self.client.get(f"{path}/report", name="/api/scans/[id]/report")
        for number in (0, 8, 16):
            self.client.get(f"{path}/slices/{number}", name="/api/scans/[id]/slices/[n]")

    def _json(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        with self.client.request(method, path, timeout=PATIENCE_S, catch_response=True, **options) as answer:
            answer.raise_for_status()
            body: dict[str, Any] = answer.json()
        return body


class Browsing(HttpUser):
    """Someone turns the pages of the worklist and opens what is on top."""

    wait_time = between(0.5, 2)

    @task(5)
    def turn_pages(self) -> None:
        """The lists of the page."""
        for path in PAGES:
            self.client.get(path, name=path.partition("?")[0])

    @task
    def open_the_first(self) -> None:
        """One scan, its report, its thumbnail."""
        scans = self.client.get(PAGES[1], name="/api/scans").json()["items"]
        for scan in scans[:1]:
            for part in ("", "/thumbnail.png"):
                self.client.get(f"/api/scans/{scan['id']}{part}", name=f"/api/scans/[id]{part}")


FINAL: Final = frozenset({"done", "failed", "cancelled"})


@cache
def study() -> bytes:
    """The bytes of the study that every caller sends."""
    if named := os.environ.get("TURNSTILE_BENCH_STUDY"):
        return Path(named).read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        return write_phantom(Path(folder) / "study.zip", slices=64, size=512).read_bytes()

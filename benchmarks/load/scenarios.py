"""The four kinds of Locust users. On this machine, with a gateway without login:

    locust -f benchmarks/load/scenarios.py --host http://127.0.0.1:8080 --headless -u 4 -t 60s --csv out/mass MassRun

`Ward`, `Browsing` and `Flood` are the others. With `-f benchmarks/load/scenarios.py,benchmarks/load/load_shape.py` the
callers grow in stages. `TURNSTILE_BENCH_STUDY` names studies, separated as PATH is; without it a synthetic one is made.
"""

import os
import tempfile
import time
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Final

from locust import HttpUser, between, constant, task
from requests import Request

import benchmarks.load.call_log  # noqa: F401 - listens, where a run asks for it
from benchmarks.studies import phantom_zip

BUSY: Final = 429
PATIENCE_S: Final = 120
PAGES: Final = ("/api/scans?limit=50", "/api/scans?sort=probability&limit=50", "/api/patients?limit=50")
FINAL: Final = frozenset({"done", "failed", "cancelled"})
ANALYSED: Final = "scan, upload to report"


class Sender(HttpUser):
    """Posts studies one after the other, each user starting with another one. Refusals are valid and counted."""

    abstract = True
    places = count()

    def on_start(self) -> None:
        """Choose the first study by the number of this user."""
        self.place = next(Sender.places)
        self.turns = count(self.place)

    def post_study(self) -> Any:
        """Post the next study; gives the response of any status."""
        number = next(self.turns) % len(forms())
        headers, body = forms()[number]
        path, context = "/inference/predict?detail=full", {"study": number}
        with self.client.post(
            path,
            body,
            name=path.partition("?")[0],
            headers=headers,
            timeout=PATIENCE_S,
            context=context,
            catch_response=True,
        ) as answer:
            if answer.status_code == BUSY:
                answer.success()  # a refusal has another name, so that its time is not mixed with that of screening
                answer.request_meta["name"] = "/inference/predict (429)"
        return answer


class MassRun(Sender):
    """Screens an archive: one study after the other, without patients. After a refusal it waits for Retry-After."""

    wait_time = constant(0)

    def on_start(self) -> None:
        """Wait for the start time, if there is one."""
        super().on_start()
        time.sleep(max(0.0, float(os.environ.get("TURNSTILE_BENCH_BEGIN_S", "0")) - time.time()))

    @task
    def predict(self) -> None:
        """Post one study."""
        answer = self.post_study()
        if answer.status_code == BUSY:
            time.sleep(float(answer.headers.get("Retry-After", 1)))


class Flood(Sender):
    """Studies arrive at a fixed rate, `TURNSTILE_BENCH_RATE` a second over all users, without regard to Retry-After.

    Each caller keeps its moments, spread evenly among those of the others; one whose answer is late is late once.
    """

    def on_start(self) -> None:
        """Wait for the first start time."""
        super().on_start()
        rate = float(os.environ["TURNSTILE_BENCH_RATE"])
        self.pace_s = int(os.environ["TURNSTILE_BENCH_CALLERS"]) / rate
        self.due_s = time.monotonic() + self.place / rate
        time.sleep(self.place / rate)

    def wait_time(self) -> float:
        """Seconds to the next start time; Locust's constant_pacing counts from the last start, and drifts."""
        self.due_s += self.pace_s
        return max(0.0, self.due_s - time.monotonic())

    @task
    def predict(self) -> None:
        """Post one study on a new connection, as a new client."""
        self.post_study()
        self.client.close()


class Ward(HttpUser):
    """A ward: creates a patient, uploads, waits for the analysis, reads its report and three slices."""

    wait_time = between(1, 5)
    patient: str

    def on_start(self) -> None:
        """Create a patient for this ward."""
        self.patient = self._json("POST", "/api/patients", json={"first_name": "Load", "last_name": "Test"})["id"]

    @task
    def screen(self) -> None:
        """One scan, from upload to slices."""
        start, began_s = time.perf_counter(), time.time()
        form = {"patient_id": self.patient}
        scan = self._json("POST", "/api/scans", data=form, files={"file": studies()[0]})["id"]
        path = f"/api/scans/{scan}"
        while (
            state := self._json("POST", f"{path}/analyze?wait=30", name="/api/scans/[id]/analyze")["state"]
        ) not in FINAL:
            pass
        self.client.get(f"{path}/report", name="/api/scans/[id]/report")
        self._tell(began_s, time.perf_counter() - start, None if state == "done" else RuntimeError(state))
        for number in (0, 8, 16):
            self.client.get(f"{path}/slices/{number}", name="/api/scans/[id]/slices/[n]")

    def _json(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        with self.client.request(method, path, timeout=PATIENCE_S, catch_response=True, **options) as answer:
            answer.raise_for_status()
            body: dict[str, Any] = answer.json()
        return body

    def _tell(self, began_s: float, seconds: float, failed: Exception | None) -> None:
        """Record the whole sequence as one row of Locust's tables."""
        self.environment.events.request.fire(
            request_type="WAY",
            name=ANALYSED,
            response_time=1000 * seconds,
            response_length=0,
            response=None,
            exception=failed,
            start_time=began_s,
            context={},
        )


class Browsing(HttpUser):
    """Pages through the worklist and opens the first scan."""

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


@cache
def studies() -> list[tuple[str, bytes]]:
    """Name and bytes of every study to send."""
    if named := os.environ.get("TURNSTILE_BENCH_STUDY"):
        return [(f"study{path.suffix}", path.read_bytes()) for path in map(Path, named.split(os.pathsep))]
    with tempfile.TemporaryDirectory() as folder:
        return [("study.zip", phantom_zip(Path(folder) / "study.zip").read_bytes())]


@cache
def forms() -> list[tuple[dict[str, str], Any]]:
    """Headers and body of each study's form, built once to save CPU time for the service."""
    made = [Request("POST", "http://nowhere", files={"file": study}).prepare() for study in studies()]
    return [({"Content-Type": str(form.headers["Content-Type"])}, form.body) for form in made]

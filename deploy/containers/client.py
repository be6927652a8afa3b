"""What a person and a program do with the stack, over HTTP: store a study, have it screened, read its report."""

from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx

from deploy.containers.errors import CheckFailed

FINAL = {"done", "failed", "cancelled"}
PATIENT = ("Wilhelmine", "Unverkennbar")


@dataclass(frozen=True)
class Client:
    """The gateway at `url`, with an API token."""

    url: str
    token: str

    def wait_until_ready(self, seconds: float) -> None:
        """Return when /readyz answers 200; raises CheckFailed with its last answer."""
        end, last = monotonic() + seconds, "no answer"
        while monotonic() < end:
            try:
                answer = self._request("GET", "/readyz")
            except httpx.TransportError as error:
                last = repr(error)
            else:
                if answer.status_code == httpx.codes.OK:
                    return
                last = answer.text
            sleep(0.5)
        raise CheckFailed(f"the gateway is not ready after {seconds:.0f} s: {last}")

    def patient(self) -> str:
        """The id of a new patient, whose name must stay out of every log."""
        names = dict(zip(("first_name", "last_name"), PATIENT, strict=True))
        return str(self._answer("POST", "/api/patients", json=names)["id"])

    def store(self, patient: str, study: Path) -> str:
        """The id of the stored scan."""
        with study.open("rb") as file:
            form = {"data": {"patient_id": patient}, "files": {"file": (study.name, file)}}
            return str(self._answer("POST", "/api/scans", **form)["id"])

    def queue(self, scan: str) -> None:
        """Ask for an analysis, and do not wait for it."""
        self._answer("POST", f"/api/scans/{scan}/analyze", params={"wait": "0"})

    def analysis(self, scan: str) -> dict[str, Any]:
        """The newest analysis: its state, stage and attempt."""
        return self._answer("GET", f"/api/scans/{scan}/analysis")

    def running(self, scan: str, seconds: float) -> None:
        """Return when the analysis is running; raises CheckFailed when it ends before, or does not begin."""
        self._until(scan, {"running"}, seconds)

    def report(self, scan: str, seconds: float) -> dict[str, Any]:
        """The report, when its analysis has ended; raises CheckFailed when it does not, or ends with another state."""
        self._until(scan, {"done"}, seconds)
        return self._answer("GET", f"/api/scans/{scan}/report")

    def screen(self, study: Path) -> dict[str, Any]:
        """The row of a study that is screened at once and stored nowhere."""
        with study.open("rb") as file:
            return self._answer("POST", "/inference/predict", files={"file": (study.name, file)})

    def stored(self) -> int:
        """How many scans there are."""
        return int(self._answer("GET", "/api/scans")["total"])

    def page(self, path: str) -> str:
        """The text of a page."""
        return self._request("GET", path).raise_for_status().text

    def _until(self, scan: str, states: set[str], seconds: float) -> None:
        end, last = monotonic() + seconds, "no answer"
        while monotonic() < end:
            try:
                seen = self.analysis(scan)
            except (httpx.TransportError, CheckFailed) as error:  # a service that is started again
                last = repr(error)
            else:
                if seen["state"] in states:
                    return
                if seen["state"] in FINAL:
                    raise CheckFailed(f"analysis of scan {scan}: {seen}")
                last = str(seen)
            sleep(0.2)
        raise CheckFailed(f"analysis of scan {scan} is not {' or '.join(states)} after {seconds:.0f} s: {last}")

    def _answer(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        answer = self._request(method, path, **request)
        if answer.is_error:
            raise CheckFailed(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        said: dict[str, Any] = answer.json()
        return said

    def _request(self, method: str, path: str, **request: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.request(method, self.url + path, headers=headers, timeout=300, trust_env=False, **request)

"""One principal at work: uploads, analyses, reads and deletes in an order drawn from a seed.

It keeps what it was told, and does what a careful client does: it repeats what was not answered, with the same
Idempotency-Key.
"""

import random
import threading
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Final

import httpx

from tests.integration.chaos.promises import Promises, ScreenedFile
from tests.integration.gateway.auth.api_calls import bearer

TIMEOUT_S: Final = 30.0
PAUSE_S: Final = 0.2
TRIES: Final = 200
BUSY: Final = frozenset({429, 503, 504, 507})  # the answers of a service in trouble: it says so, and comes back


class Radiologist:
    """Acts until it is told to stop; `other_scans` are ids of another institution, which it must never see."""

    def __init__(
        self, url: str, token: str, promises: Promises, files: Sequence[ScreenedFile], over: threading.Event, seed: str
    ) -> None:
        self.promises = promises
        self.other_scans: Callable[[], Sequence[str]] = tuple
        self._client = httpx.Client(base_url=url, headers=bearer(token), timeout=TIMEOUT_S, trust_env=False)
        self._files, self._over, self._chance = files, over, random.Random(seed)
        often, seldom = (self._upload, self._analyse, self._read), (self._list, self._predict, self._delete)
        self._actions = (*often * 3, *seldom, self._look_at_others)

    def work(self) -> None:
        """Act until the end."""
        with self._client:
            while not self._over.is_set():
                self._chance.choice(self._actions)()
                self._over.wait(self._chance.uniform(0, PAUSE_S))

    def _upload(self) -> None:
        name, file = f"Chaos{uuid.uuid4().hex}", self._chance.choice(self._files)
        self.promises.unsure.add(name)
        patient = self._insist("POST", "/api/patients", json={"first_name": "C", "last_name": name, "description": ""})
        if patient is None or patient.status_code != 201:
            return
        form = {"patient_id": patient.json()["id"], "description": name}
        content = file.path.read_bytes()
        scan = self._insist("POST", "/api/scans", data=form, files={"file": (f"{name}.zip", content)})
        if scan is None or scan.status_code != 201:
            return
        self.promises.unsure.discard(name)
        self.promises.names[patient.json()["id"]] = name
        self.promises.patients[scan.json()["id"]] = patient.json()["id"]
        self.promises.accepted[scan.json()["id"]] = file

    def _analyse(self) -> None:
        if (scan := self._any_scan()) is None:
            return
        answer = self._once("POST", f"/api/scans/{scan}/analyze", params={"wait": 0})
        if answer is not None and answer.status_code in (200, 202):
            self.promises.analysed.add(scan)
        elif answer is not None and answer.status_code not in (*BUSY, 409):
            self._broken(f"analyze: {answer.status_code} {answer.text[:200]}")

    def _read(self) -> None:
        if (scan := self._any_scan()) is None:
            return
        answer = self._once("GET", f"/api/scans/{scan}")
        if answer is not None and answer.status_code not in (200, *BUSY):
            self._broken(f"an accepted scan answers {answer.status_code}")

    def _list(self) -> None:
        answer = self._once("GET", "/api/scans")
        if answer is not None and answer.status_code not in (200, *BUSY):
            self._broken(f"the list answers {answer.status_code}")

    def _predict(self) -> None:
        file = self._chance.choice(self._files)
        answer = self._once("POST", "/inference/predict", files={"file": (file.path.name, file.path.read_bytes())})
        if answer is None or answer.status_code in BUSY:
            return
        if answer.status_code >= 500:
            self._broken(f"predict answers {answer.status_code}: {answer.text[:200]}")

    def _delete(self) -> None:
        if (scan := self._any_scan()) is None:
            return
        name = self.promises.names[self.promises.patients[scan]]
        answer = self._insist("DELETE", f"/api/patients/{self.promises.patients[scan]}", keyed=False)
        if answer is not None and answer.status_code in (204, 404):  # 404: the first try was executed and not answered
            self.promises.forget(scan)
        else:
            self.promises.forget(scan)
            self.promises.deleted.discard(name)
            self.promises.unsure.add(name)

    def _look_at_others(self) -> None:
        for scan in self.other_scans()[:3]:
            answer = self._once("GET", f"/api/scans/{scan}")
            if answer is not None and answer.status_code not in (404, *BUSY):
                self._broken(f"a scan of another institution answers {answer.status_code}")

    def _any_scan(self) -> str | None:
        scans = list(self.promises.accepted)
        return self._chance.choice(scans) if scans else None

    def _insist(self, method: str, path: str, keyed: bool = True, **form: Any) -> httpx.Response | None:
        """The answer, after as many tries as it takes; None when the time was over before."""
        headers = {"Idempotency-Key": uuid.uuid4().hex} if keyed else {}
        for _ in range(TRIES):
            answer = self._once(method, path, headers=headers, **form)
            if answer is not None and answer.status_code not in (*BUSY, 409):
                return answer
            if self._over.wait(PAUSE_S):
                break
        return None

    def _once(self, method: str, path: str, **form: Any) -> httpx.Response | None:
        """The answer; None when the connection broke."""
        try:
            answer = self._client.request(method, path, **form)
        except httpx.TransportError:
            return None
        answers = self.promises.answers
        answers[answer.status_code] = answers.get(answer.status_code, 0) + 1
        if answer.status_code in (500, 502):
            self._broken(f"{method} {path.split('/')[2]}: {answer.status_code} {answer.text[:300]}")
        return answer

    def _broken(self, what: str) -> None:
        self.promises.broken.append(what)

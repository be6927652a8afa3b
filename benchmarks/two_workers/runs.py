"""Studies sent one at a time, at given times, or all at once; each is uploaded and requested over HTTP."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import httpx

from benchmarks.two_workers.cluster import Cluster
from benchmarks.two_workers.cpu_usage import CpuSeconds
from benchmarks.two_workers.database_counters import AnalysisTimes, analysis_times, unfinished
from benchmarks.two_workers.measurement import Alone, Idle, Run
from benchmarks.uploads import patient_of, sent

PATIENCE_S: Final = 180.0
POLL_S: Final = 0.3
WARM_UP: Final = 3
CALLERS: Final = 32
AT_ONCE: Final = 100  # what POST /api/scans/analyze takes
BY_THE_UPLOAD: Final = ("client", "gateway", "database")  # who works when a file comes in


@dataclass(frozen=True)
class Kind:
    """A study to send: its zip, its name in tables, and its number of slices."""

    name: str
    path: Path
    slices: int


class Caller:
    """Sends studies of one kind to a cluster."""

    def __init__(self, cluster: Cluster, kind: Kind, idle: Idle) -> None:
        self._cluster, self._kind, self._idle = cluster, kind, idle
        self._patient = patient_of(cluster.service)
        self.warmed_up = 0
        self._http = httpx.Client(base_url=cluster.url, timeout=60, trust_env=False)

    def alone(self, studies: int) -> Alone:
        """Send one at a time, each well after the one before has ended, so that nothing waits."""
        first, begun_s = self._cluster.spent(), time.time()
        gap_s = 0.3 + 1.3 * max(self._turn_s() for _ in range(WARM_UP))
        scans, upload_s = [], []
        upload, analysis = Counter[str](), Counter[str]()
        for _ in range(studies):
            before, upload_began_s = self._cluster.spent(), time.perf_counter()
            scans.append(self._upload())
            upload_s.append(time.perf_counter() - upload_began_s)
            self._ask(scans[-1])
            asked = self._cluster.spent()
            time.sleep(gap_s)
            ended, all_s = self._cluster.spent(), time.perf_counter() - upload_began_s
            while_sent = (asked - before).by_role
            while_all = _without_idle((ended - before).by_role, self._idle, all_s)
            upload.update({role: while_sent[role] for role in BY_THE_UPLOAD})
            late = {
                role: value - while_sent.get(role, 0.0) * (role in BY_THE_UPLOAD) for role, value in while_all.items()
            }
            analysis.update({role: max(0.0, value) for role, value in late.items() if role != "client"})
        self._until_ended()
        other_programs_s, seconds = (self._cluster.spent() - first).other_programs_s, time.time() - begun_s
        analyses = analysis_times(self._cluster.database_url, scans)
        return Alone(
            name=self._kind.name,
            slices=self._kind.slices,
            upload_bytes=self._kind.path.stat().st_size,
            upload_s=_rounded(upload_s),
            wait_s=_rounded(one.started_s - one.asked_s for one in analyses),
            run_s=_rounded(one.finished_s - one.started_s for one in analyses),
            upload_cpu_s=_each(upload, studies),
            analysis_cpu_s=_each(analysis, studies),
            stages_s=_medians(analyses),
            foreign_cores=round(other_programs_s / seconds, 3),
        )

    def at_times(self, name: str, rate_per_s: float, due_s: Sequence[float]) -> Run:
        """Start an upload at each of these times, independent of the others, and request its analysis at once."""
        before, begun_s = self._cluster.spent(), time.time()
        with ThreadPoolExecutor(CALLERS) as pool:
            sent_off = []
            for moment_s in due_s:
                time.sleep(max(0.0, begun_s + moment_s - time.time()))
                sent_off.append(pool.submit(self._upload_and_request))
            scans = [one.result() for one in sent_off]
        return self._ended(name, scans, before, begun_s, rate_per_s, due_s)

    def burst(self, name: str, studies: int) -> Run:
        """Upload all studies, then request all analyses at once."""
        scans = [self._upload() for _ in range(studies)]
        before, begun_s = self._cluster.spent(), time.time()
        for first in range(0, studies, AT_ONCE):
            self._http.post("/api/scans/analyze", json={"ids": scans[first : first + AT_ONCE]}).raise_for_status()
        return self._ended(name, scans, before, begun_s, None, ())

    def _ended(
        self,
        name: str,
        scans: Sequence[str],
        before: CpuSeconds,
        begun_s: float,
        rate_per_s: float | None,
        due_s: Sequence[float],
    ) -> Run:
        self._until_ended()
        spent, seconds = self._cluster.spent() - before, time.time() - begun_s
        analyses = analysis_times(self._cluster.database_url, scans)
        return Run(
            name=name,
            rate_per_s=rate_per_s,
            due_s=_rounded(due_s),
            **_since(begun_s, analyses),
            cpu_s=_each(_without_idle(spent.by_role, self._idle, seconds), len(scans)),
            stages_s=_medians(analyses),
            busy_cores=round(spent.machine_s / seconds, 3),
            foreign_cores=round(spent.other_programs_s / seconds, 3),
            disk_cores=round(spent.disk_s / seconds, 3),
        )

    def _turn_s(self) -> float:
        start = time.perf_counter()
        self.warmed_up += 1
        self._ask(self._upload())
        self._until_ended()
        return time.perf_counter() - start

    def _upload_and_request(self) -> str:
        scan = self._upload()
        self._ask(scan)
        return scan

    def _upload(self) -> str:
        return sent(self._cluster.service, self._kind.path, self._patient)

    def _ask(self, scan: str) -> None:
        self._http.post(f"/api/scans/{scan}/analyze", params={"wait": 0}).raise_for_status()

    def _until_ended(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while left := unfinished(self._cluster.database_url):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{left} analyses had not ended within {PATIENCE_S:.0f} s: the rate is too high")
            time.sleep(POLL_S)


def idle(cluster: Cluster, seconds: float) -> dict[str, float]:
    """The cores that each kind of process uses while idle."""
    before = cluster.spent()
    time.sleep(seconds)
    return {role: round(value / seconds, 5) for role, value in (cluster.spent() - before).by_role.items()}


def _since(begun_s: float, analyses: Sequence[AnalysisTimes]) -> dict[str, tuple[float, ...]]:
    names = ("asked_s", "started_s", "finished_s")
    return {name: _rounded(getattr(one, name) - begun_s for one in analyses) for name in names}


def _medians(analyses: Sequence[AnalysisTimes]) -> dict[str, float]:
    return {name: round(median(one.stages_s[name] for one in analyses), 4) for name in analyses[0].stages_s}


def _without_idle(by_role: Mapping[str, float], resting: Idle, seconds: float) -> dict[str, float]:
    return {role: value - resting.cores.get(role, 0.0) * seconds for role, value in by_role.items()}


def _each(seconds: Mapping[str, float], studies: int) -> dict[str, float]:
    return {role: round(value / studies, 5) for role, value in seconds.items()}


def _rounded(seconds: Iterable[float]) -> tuple[float, ...]:
    return tuple(round(value, 4) for value in seconds)

"""Uploads relative to a plain copy, the gateway's memory, and the time until a scan is visible: `benchmarks.uploads`.

Everything goes over HTTP to a gateway of its own. A plain copy reads the same file, writes it to the same disk and
waits for the disk, as an upload does; an upload crosses the loopback and is hashed besides.
"""

import hashlib
import os
import socket
import statistics
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Annotated
from urllib.parse import urlsplit

import httpx
import psutil
import typer
from rich.table import Table

from benchmarks.result_page import Save, Study, result_console
from benchmarks.service import Service, running_service
from screening.phantom.phantom_study import write_phantom

NO_TRITON = "127.0.0.1:9"  # neither uploads nor viewing need networks
MIB = 2**20
SAMPLE_S = 0.05
LEAST_CPU_S = 0.3  # what an idle gateway computes meanwhile
SEEN = {
    "first slice (PNG)": "slices/70",
    "another slice (PNG)": "slices/71",
    "another slice (raw)": "slices/72?format=raw",
    "series": "series",
    "thumbnail": "thumbnail.png",
    "volume, step 4": "volume.nii.gz?step=4",
    "volume, step 4, again": "volume.nii.gz?step=4",
    "volume": "volume.nii.gz",
    "volume, again": "volume.nii.gz",
    "lungs, step 4": "lungs.nii.gz?step=4",
}


@dataclass
class Memory:
    """Resident MiB of one process: before, at most, and after."""

    process: psutil.Process
    before_mib: float = 0.0
    peak_mib: float = 0.0
    after_mib: float = 0.0
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def watched(self) -> Iterator[None]:
        self.before_mib = self.peak_mib = self._now()
        watcher = threading.Thread(target=self._watch)
        watcher.start()
        try:
            yield
        finally:
            self._over.set()
            watcher.join()
            self.after_mib = self._now()

    def _watch(self) -> None:
        while not self._over.wait(SAMPLE_S):
            self.peak_mib = max(self.peak_mib, self._now())

    def _now(self) -> float:
        return float(self.process.memory_info().rss / MIB)


def main(
    size_mib: Annotated[int, typer.Option(help="MiB of the upload.")] = 1024,
    rounds: Annotated[int, typer.Option(help="How often everything is measured.")] = 5,
    study: Study = None,
    save: Save = None,
) -> None:
    """Measure, print, and save when asked."""
    with (
        result_console(save) as console,
        TemporaryDirectory(prefix="turnstile-benchmark-") as folder,
        running_service("/healthz", triton_url=NO_TRITON) as service,
    ):
        console.print(uploads(service, Path(folder), size_mib * MIB, rounds))
        console.print(looks(service, Path(folder), study, rounds))


def uploads(service: Service, folder: Path, size: int, rounds: int) -> Table:
    """The same bytes copied, hashed, sent and fetched, in turns."""
    spent: dict[str, list[CpuSeconds]] = {}
    memory = Memory(service.process)
    source = folder / "large.zip"
    fill(source, size)
    patient = patient_of(service)
    with memory.watched():
        for _ in range(rounds):
            for name, one in one_round(service, source, folder / "copy", patient).items():
                spent.setdefault(name, []).append(one)
    rss = f"{memory.before_mib:.0f} before, {memory.peak_mib:.0f} at most, {memory.after_mib:.0f} after"
    columns = ("of 1 file", "MiB/s, median", "lowest", "highest", "of a plain copy", "gateway's CPU, s/GiB")
    table = Table(*columns, title=f"{size // MIB} MiB", caption=f"gateway's memory, MiB: {rss}")
    copy_s = statistics.median(one.seconds for one in spent["plain copy, to the disk"])
    for name, of in spent.items():
        rates = [size / MIB / one.seconds for one in of]
        share = copy_s / statistics.median(one.seconds for one in of)
        cpu_s = statistics.median(one.cpu_s for one in of) * 1024 * MIB / size
        row = [statistics.median(rates), min(rates), max(rates)]
        table.add_row(
            name, *[f"{rate:.0f}" for rate in row], f"{share:.2f}", f"{cpu_s:.1f}" if cpu_s > LEAST_CPU_S else ""
        )
    return table


@dataclass(frozen=True)
class CpuSeconds:
    """Seconds by the clock, and those that the gateway's process computed."""

    seconds: float
    cpu_s: float


def one_round(service: Service, source: Path, copy: Path, patient: str) -> dict[str, CpuSeconds]:
    """What each way costs, one after the other."""
    scans: list[str] = []

    def spent(work: Callable[[], object]) -> CpuSeconds:
        before = sum(service.process.cpu_times()[:2])
        clock = seconds(work)
        return CpuSeconds(clock, sum(service.process.cpu_times()[:2]) - before)

    found = {
        "plain copy, to the disk": spent(lambda: copied(source, copy)),
        "sha256 alone": spent(lambda: hashed(source)),
        "upload": spent(lambda: scans.append(sent(service, source, patient))),
        "download": spent(lambda: fetched(service, scans[0])),
    }
    httpx.delete(f"{service.url}/api/scans/{scans[0]}", timeout=60).raise_for_status()
    return found


def looks(service: Service, folder: Path, study: Path | None, rounds: int) -> Table:
    """Milliseconds to each view of a study that the gateway has never seen before, and the time to see some again."""
    original = study or write_phantom(folder / "phantom.zip", slices=150)
    times_ms: dict[str, list[float]] = {name: [] for name in SEEN}
    patient = patient_of(service)
    with httpx.Client(base_url=service.url, timeout=120) as client:
        for number in range(rounds + 1):  # the first one has workers that have never worked
            scan = sent(service, another(original, folder / "study.zip", number), patient)
            for name, path in SEEN.items():
                spent = seconds(partial(got, client, f"/api/scans/{scan}/{path}"))
                if number:
                    times_ms[name].append(1000 * spent)
    table = Table("of a study", "ms, median", "lowest", "highest", title=f"{original.stat().st_size / MIB:.0f} MiB")
    for name, of in times_ms.items():
        table.add_row(name, f"{statistics.median(of):.0f}", f"{min(of):.0f}", f"{max(of):.0f}")
    return table


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def fill(path: Path, size: int) -> None:
    """A file that looks like a zip and that no disk can shrink."""
    with path.open("wb") as file:
        file.write(b"PK\x03\x04")
        for _ in range(size // MIB):
            file.write(os.urandom(MIB))
        file.truncate(size)
        os.fsync(file.fileno())


def another(original: Path, path: Path, number: int) -> Path:
    """The same study in a zip of another hash."""
    copyfile(original, path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = f"{number} {time.time_ns()}".encode()
    return path


def got(client: httpx.Client, path: str) -> None:
    """Ask for it, and take all of it in."""
    client.get(path).raise_for_status()


def copied(source: Path, target: Path) -> None:
    """Copy a file and wait for the disk."""
    with source.open("rb") as read, target.open("wb") as written:
        while block := read.read(4 * MIB):
            written.write(block)
        written.flush()
        os.fsync(written.fileno())
    target.unlink()


def hashed(source: Path) -> None:
    """Read a file and hash it."""
    with source.open("rb") as file:
        hashlib.file_digest(file, "sha256")


def patient_of(service: Service) -> str:
    """A new patient."""
    new = {"first_name": "Benchmark", "last_name": "Benchmark"}
    return str(httpx.post(f"{service.url}/api/patients", json=new, timeout=60).raise_for_status().json()["id"])


def sent(service: Service, source: Path, patient: str) -> str:
    """Upload with sendfile: on shared cores a client that copies in Python would be what is measured."""
    begin = (
        f'--b\r\nContent-Disposition: form-data; name="patient_id"\r\n\r\n{patient}\r\n'
        '--b\r\nContent-Disposition: form-data; name="file"; filename="large.zip"\r\n\r\n'
    ).encode()
    end = b"\r\n--b--\r\n"
    address = urlsplit(service.url)
    head = (
        f"POST /api/scans HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\n"
        f"Content-Length: {len(begin) + source.stat().st_size + len(end)}\r\n\r\n"
    ).encode()
    with socket.create_connection((address.hostname, address.port)) as line, source.open("rb") as file:
        line.sendall(head + begin)
        line.sendfile(file)
        line.sendall(end)
        answer = b"".join(iter(lambda: line.recv(65_536), b""))
    if not answer.startswith(b"HTTP/1.1 201 "):
        raise RuntimeError(answer.decode(errors="replace"))
    return answer.decode().rpartition('{"id":"')[2].partition('"')[0]


def fetched(service: Service, scan: str) -> None:
    """Download the file of a scan."""
    with httpx.stream("GET", f"{service.url}/api/scans/{scan}/file", timeout=120) as answer:
        for _ in answer.iter_raw(MIB):
            pass


if __name__ == "__main__":
    typer.run(main)

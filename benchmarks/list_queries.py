"""The time of list requests with many records: `python -m benchmarks.list_queries`.

A gateway over HTTP with its own PostgreSQL, which has 100,000 scans of 20,000 patients. Lists are requested one at a
time; each request includes authentication, the rows, their counts and the audit event. The CPU time of gateway and
PostgreSQL is reported too: it does not depend on other load of the machine.
"""

import asyncio
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import httpx
import psutil
import psycopg
import typer
from rich.table import Table

from benchmarks.result_page import Save, result_console
from benchmarks.service import running_service
from engines.postgres_server import PostgresServer

NO_TRITON = "127.0.0.1:9"  # lists need no networks
WARM_UP, REQUESTS = 5, 40
LIMIT_MS = 50.0

PATIENTS = """
INSERT INTO patients (id, institution, first_name, last_name, description, pseudonym, created_at)
SELECT gen_random_uuid(), 'local', (ARRAY['Anna', 'Boris', 'Clara', 'Denis', 'Eva'])[1 + n % 5],
       'Surname' || md5(n::text), 'ward ' || n % 40, 'P-' || n, now() - n * interval '11 minutes'
FROM generate_series(1, {patients}) AS n
"""
SCANS = """
INSERT INTO blobs (sha256, size) VALUES (repeat('a', 64), 9000000);
INSERT INTO scans (id, institution, patient_id, patient_words, file_name, description, sha256, created_at, study_uid,
                   status, verdict, probability)
SELECT gen_random_uuid(), 'local', id, name, 'ct_' || n || '.zip', 'follow-up ' || n % 100, repeat('a', 64),
       now() - n * interval '2 minutes', '2.25.' || n, status,
       CASE WHEN status = 'done' THEN CASE WHEN n % 3 = 0 THEN 'pathology' ELSE 'normal' END
            WHEN status = 'failed' THEN 'not_analysed' END,
       CASE WHEN status = 'done' THEN CASE WHEN n % 3 = 0 THEN 0.5 ELSE 0.0 END + 0.5 * random() END
FROM (SELECT n, CASE WHEN n < 200 THEN 'queued' WHEN n % 50 = 0 THEN 'failed' WHEN n % 25 = 1 THEN 'received'
                     ELSE 'done' END AS status FROM generate_series(1, {scans}) AS n) AS drawn
JOIN (SELECT id, first_name || ' ' || last_name AS name, row_number() OVER () AS place FROM patients) AS people
  ON place = 1 + n % {patients};
"""
LISTS: dict[str, tuple[str, dict[str, Any]]] = {
    "scans, newest first": ("/api/scans", {"limit": 100}),
    "scans, most suspicious first": ("/api/scans", {"sort": "probability", "limit": 100}),
    "scans, the last page": ("/api/scans", {"offset": 99_900, "limit": 100}),
    "scans, one verdict": ("/api/scans", {"verdict": "pathology", "limit": 100}),
    "scans, one status of few": ("/api/scans", {"status": "queued", "limit": 100}),
    "scans, words of many": ("/api/scans", {"q": "follow-up 7", "limit": 100}),
    "scans, words of one": ("/api/scans", {"q": "ct_4711.zip", "limit": 100}),
    "scans, a patient's name": ("/api/scans", {"q": "surnamec4ca4238a0b923820dcc509a6f75849b", "limit": 100}),
    "scans, words of none": ("/api/scans", {"q": "nobody at all", "limit": 100}),
    "patients, newest first": ("/api/patients", {"limit": 100}),
    "patients, by name": ("/api/patients", {"sort": "name", "limit": 100}),
    "patients, words of many": ("/api/patients", {"q": "boris", "limit": 100}),
    "patients, words of none": ("/api/patients", {"q": "nobody at all", "limit": 100}),
}


def main(
    scans: Annotated[int, typer.Option(help="Scans in the store.")] = 100_000,
    save: Save = None,
) -> None:
    """Measure, print, and save with `--save`."""
    with result_console(save) as console:
        console.print(f"{scans} scans")
        console.print(asyncio.run(measure(scans)))


async def measure(scans: int) -> Table:
    """Request every list, one after the other."""
    table = Table("list", "found", "median ms", "p95 ms", "CPU ms", f"under {LIMIT_MS:.0f} ms")
    with TemporaryDirectory(prefix="turnstile-benchmark-") as folder:
        async with PostgresServer(Path(folder)) as server:
            with running_service("/healthz", database_url=server.url, triton_url=NO_TRITON) as service:
                insert_records(server.url, scans)
                async with httpx.AsyncClient(base_url=service.url, timeout=60) as client:
                    for name, (path, params) in LISTS.items():
                        before_s = cpu_s(service.process, psutil.Process(server.pid))
                        found, times_ms = await request_list(client, path, params)
                        spent_s = cpu_s(service.process, psutil.Process(server.pid)) - before_s
                        table.add_row(name, str(found), *columns(times_ms, 1000 * spent_s / (WARM_UP + REQUESTS)))
    return table


def columns(times_ms: list[float], cpu_ms: float) -> tuple[str, ...]:
    """The columns of one list."""
    median, p95 = statistics.median(times_ms), statistics.quantiles(times_ms, n=20)[-1]
    return f"{median:.1f}", f"{p95:.1f}", f"{cpu_ms:.1f}", "yes" if median < LIMIT_MS else "NO"


def cpu_s(*servers: psutil.Process) -> float:
    """CPU seconds of these processes and their children so far."""
    family = [member for server in servers for member in (server, *server.children(recursive=True))]
    return sum(sum(member.cpu_times()[:2]) for member in family)


def insert_records(url: str, scans: int) -> None:
    """Insert the records."""
    patients = scans // 5
    with psycopg.connect(url) as connection:
        connection.execute(PATIENTS.format(patients=patients).encode())
        connection.execute(SCANS.format(scans=scans, patients=patients).encode())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")  # as autovacuum does within a minute


async def request_list(client: httpx.AsyncClient, path: str, params: dict[str, Any]) -> tuple[int, list[float]]:
    """The number of records in the list, and the milliseconds of each response."""
    times_ms: list[float] = []
    total = 0
    for number in range(WARM_UP + REQUESTS):
        start = time.perf_counter()
        answer = await client.get(path, params=params)
        if number >= WARM_UP:
            times_ms.append(1000 * (time.perf_counter() - start))
        total = answer.raise_for_status().json()["total"]
    return total, times_ms


if __name__ == "__main__":
    typer.run(main)

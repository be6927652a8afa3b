"""Audited transactions a second on PostgreSQL alone: `python -m benchmarks.audit_rate`.

Each transaction inserts a small row and one audit event, as a call of the API does; pgbench runs several at once.
Compared are no event at all, the release before 0007 (each event is linked into the chain under a lock that is held
until the commit), and events that are sealed in batches, with the sealer running beside them. At the end the chain is
verified, and the time until the last event is in it is reported.
"""

import asyncio
import importlib
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import psycopg
import typer
from rich.table import Table

from benchmarks.result_page import Save, result_console
from engines.postgres_cluster import binary
from engines.postgres_server import PostgresServer
from gateway.audit.audit_reader import AuditReader
from gateway.audit.hash_chain import Action, Event, Outcome, canonical
from gateway.audit.sealing import EVERY_S, seal_all
from gateway.database.connection import Database, libpq_url
from gateway.database.migration import migrate

AT_ONCE: Final = (1, 8, 32)
BEFORE_0007: Final = importlib.import_module("gateway.database.migrations.versions.0003_append_audit").APPEND
ACTION: Final = "INSERT INTO actions (words) VALUES (repeat('a', 100));"
EVENT: Final = canonical(
    Event(
        at=datetime(2026, 11, 27, tzinfo=UTC),
        actor="oidc:https://login.example.org#4711",
        actor_kind="person",
        role="radiologist",
        institution="st-anna",
        action=Action.READ,
        entity="scan",
        entity_id="0b1f3f1e-6f43-4bb5-9c8e-6b3a4f4c2d10",
        outcome=Outcome.SUCCESS,
        address="203.0.113.9",
        request_id="5f0c2b9e7a4d4c1f8f3a1c2b3d4e5f60",
        detail={"seen": "slices"},
    )
)
WAYS: Final[Mapping[str, str | None]] = {
    "no event": None,
    "chained under a lock, as before": f"SELECT append_audit_chained('{EVENT}');",
    "sealed in batches": f"SELECT append_audit('{EVENT}');",
}


@dataclass(frozen=True)
class Rate:
    """Transactions a second, and the seconds from the last one until its event was in the chain."""

    per_s: float
    sealed_after_s: float


def main(
    seconds: Annotated[int, typer.Option(help="Seconds of each measurement.")] = 10,
    save: Annotated[Path | None, Save] = None,
) -> None:
    """Measure each way with 1, 8 and 32 transactions at once."""
    table = Table("transactions with", *(f"{number} at once, per s" for number in AT_ONCE), "last event sealed after s")
    with TemporaryDirectory() as folder:
        rates, whole = asyncio.run(_measure(Path(folder), seconds))
    for way, found in rates.items():
        slowest = max(rate.sealed_after_s for rate in found)
        table.add_row(way, *(f"{rate.per_s:.0f}" for rate in found), "" if WAYS[way] is None else f"{slowest:.2f}")
    with result_console(save) as console:
        console.print(table)
        console.print(f"the chain of {whole} events holds")


async def _measure(folder: Path, seconds: int) -> tuple[dict[str, list[Rate]], int]:
    async with PostgresServer(folder / "data") as server:
        database = Database(server.url)
        try:
            await migrate(database)
            async with await psycopg.AsyncConnection.connect(server.url, autocommit=True) as connection:
                await connection.execute(BEFORE_0007.replace("append_audit", "append_audit_chained"))
                await connection.execute("CREATE TABLE actions (id bigserial PRIMARY KEY, words text)")
            rates = {way: [await _rate(folder, server.url, database, way, n, seconds) for n in AT_ONCE] for way in WAYS}
            verification = await AuditReader(database).verify()
            if verification.breaks or verification.unsealed:
                raise RuntimeError("the chain does not hold")
            return rates, verification.rows
        finally:
            await database.close()


async def _rate(folder: Path, url: str, database: Database, way: str, at_once: int, seconds: int) -> Rate:
    sealing = asyncio.create_task(_seal_forever(database))
    per_s = await _transactions(folder, url, WAYS[way], at_once, seconds)
    ended_s = time.perf_counter()
    sealing.cancel()
    with suppress(asyncio.CancelledError):
        await sealing
    await seal_all(database)
    return Rate(per_s, time.perf_counter() - ended_s)


async def _transactions(folder: Path, url: str, audit: str | None, at_once: int, seconds: int) -> float:
    """Transactions a second, by PostgreSQL's own pgbench: it takes little of the processor."""
    script = folder / "transaction.sql"
    script.write_text("\n".join(["BEGIN;", ACTION, *([] if audit is None else [audit]), "COMMIT;"]))
    options = ["--no-vacuum", f"--client={at_once}", f"--time={seconds}", f"--file={script}", libpq_url(url)]
    pgbench = await asyncio.create_subprocess_exec(
        binary("pgbench"), *options, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await pgbench.communicate()
    found = re.search(rb"^tps = ([\d.]+)", output, re.MULTILINE)
    if pgbench.returncode or found is None:
        raise RuntimeError(errors.decode())
    return float(found[1])


async def _seal_forever(database: Database) -> None:
    while True:
        await seal_all(database)
        await asyncio.sleep(EVERY_S)


if __name__ == "__main__":
    typer.run(main)

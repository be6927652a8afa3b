"""The audit log: its events, its export, and the detection of changes."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, LiteralString
from uuid import uuid4

import httpx
import psycopg
import pytest
from fhir.resources.R4B.auditevent import AuditEvent

from gateway.audit import audit_log
from gateway.audit.audit_reader import AuditReader
from gateway.audit.hash_chain import GENESIS, Action, ChainVerification, Event, Link, Outcome
from gateway.audit.sealing import seal_all
from gateway.auth.local_admin import local_admin
from gateway.database.connection import Database
from gateway.permissions import Role
from gateway.principal import RequestContext
from tests.integration.gateway.auth.api_calls import INSTITUTION, bearer, make_token, problem
from tests.integration.gateway.running_gateway import RunningGateway
from tests.postgres import RunningPostgres

WHEN = datetime(2026, 11, 23, 12, 0, 0, 5, UTC)
CONTEXT = RequestContext("203.0.113.9", "trace-4711")


@pytest.fixture
def admin(local_gateway: RunningGateway, database_url: str) -> Iterator[httpx.Client]:
    with local_gateway.client(headers=bearer(make_token(database_url, Role.ADMIN))) as client:
        yield client


@pytest.fixture
def chain(postgres: RunningPostgres) -> str:
    """A database with ten events from concurrent transactions."""
    url = postgres.new_database()

    async def record(database: Database, number: int) -> None:
        async with database.transaction() as session:
            detail: audit_log.Detail = {
                "number": number,
                "ids": [str(number)],
                "words": "naïve ⚕ „quoted“",
                "yes": True,
                "none": None,
            }
            await audit_log.record(session, local_admin(INSTITUTION), Action.READ, "patient", uuid4(), CONTEXT, detail)

    async def fill() -> None:
        database = Database(url)
        try:
            await asyncio.gather(*(record(database, number) for number in range(10)))
            assert await seal_all(database) == 10
        finally:
            await database.close()

    asyncio.run(fill())
    return url


def verified(url: str) -> ChainVerification:
    async def verify() -> ChainVerification:
        database = Database(url)
        try:
            return await AuditReader(database).verify()
        finally:
            await database.close()

    return asyncio.run(verify())


def tampered(url: str, *statements: LiteralString) -> list[str]:
    """The messages of the verification after the database owner has run `statements`."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER TABLE audit_events DISABLE TRIGGER USER")
        for statement in statements:
            connection.execute(statement)
    return [fault.message for fault in verified(url).breaks]


def test_a_chain_with_concurrent_writers_is_intact(chain: str) -> None:
    verification = verified(chain)
    assert (verification.rows, verification.head_seq, verification.breaks) == (10, 10, ())


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE audit_events SET actor = 'nobody' WHERE seq = 4", ["row 4 was changed"]),
        ("UPDATE audit_events SET at = at + interval '1 us' WHERE seq = 10", ["row 10 was changed"]),
        ("UPDATE audit_events SET detail = detail || '{\"number\": 99}' WHERE seq = 1", ["row 1 was changed"]),
        ("UPDATE audit_events SET outcome = 'refused' WHERE seq IN (2, 7)", ["row 2 was changed", "row 7 was changed"]),
        ("DELETE FROM audit_events WHERE seq = 5", ["row 5 was removed"]),
        ("DELETE FROM audit_events WHERE seq IN (1, 2, 3)", ["rows 1 to 3 were removed"]),
    ],
)
def test_changed_and_removed_rows_are_reported(chain: str, statement: LiteralString, words: list[str]) -> None:
    assert tampered(chain, statement) == words


def test_an_inserted_row_is_reported(chain: str) -> None:
    """A row is replaced by one with a correct hash."""
    with psycopg.connect(chain) as connection:
        row = connection.execute("SELECT previous_hash FROM audit_events WHERE seq = 6").fetchone()
    assert row
    forged = Link.after(5, row[0], event(actor="forger"))
    with psycopg.connect(chain, autocommit=True) as connection:
        connection.execute("ALTER TABLE audit_events DISABLE TRIGGER USER")
        connection.execute("DELETE FROM audit_events WHERE seq = 6")
        connection.execute(
            "INSERT INTO audit_events (seq, at, actor, actor_kind, role, institution, action, entity, outcome, detail,"
            " previous_hash, hash) VALUES (6, %s, 'forger', 'local', 'admin', %s, 'read', 'patient', 'success', '{}',"
            " %s, %s)",
            [WHEN, INSTITUTION, forged.previous_hash, forged.hash],
        )
    assert forged.is_intact
    assert [fault.message for fault in verified(chain).breaks] == [
        "row 7 does not follow row 6: one of them was put in or replaced"
    ]


def test_a_truncated_end_is_detected_by_the_head(chain: str) -> None:
    """The chain alone does not show it; the head that was noted before does."""
    before = verified(chain)
    assert tampered(chain, "DELETE FROM audit_events WHERE seq > 8") == []
    assert verified(chain).head_seq == 8 != before.head_seq


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_events SET actor = 'x'", "DELETE FROM audit_events", "TRUNCATE audit_events"],
)
def test_events_cannot_be_changed_or_deleted(chain: str, statement: LiteralString) -> None:
    with (
        psycopg.connect(chain) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="written once"),
    ):
        connection.execute(statement)


def test_the_command_verifies_the_chain(chain: str) -> None:
    environ = {"TURNSTILE_DATABASE_URL": chain, "PATH": "", "PYTHONPATH": ":".join(sys.path), "HOME": str(Path.home())}
    command = [sys.executable, "-m", "gateway.cli", "audit", "verify"]

    def run() -> "subprocess.CompletedProcess[str]":
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    well = run()
    assert (well.returncode, "the chain holds: 10 rows" in well.stdout) == (0, True), well.stderr
    assert verified(chain).head_hash in well.stdout
    tampered(chain, "DELETE FROM audit_events WHERE seq = 3")
    broken = run()
    assert (broken.returncode, "row 3 was removed" in broken.stderr) == (3, True), broken.stderr


def test_a_rolled_back_action_leaves_no_event(chain: str) -> None:
    async def undone() -> None:
        database = Database(chain)
        try:
            async with database.transaction() as session:
                await audit_log.record(session, local_admin(INSTITUTION), Action.CREATE, "patient", None, CONTEXT)
                raise ZeroDivisionError
        finally:
            await database.close()

    with pytest.raises(ZeroDivisionError):
        asyncio.run(undone())
    assert verified(chain).rows == 10


def event(**changes: Any) -> Event:
    fields: dict[str, Any] = {
        "at": WHEN,
        "actor": "local",
        "actor_kind": "local",
        "role": "admin",
        "institution": INSTITUTION,
        "action": Action.READ,
        "entity": "patient",
        "entity_id": None,
        "outcome": Outcome.SUCCESS,
        "address": None,
        "request_id": None,
        "detail": {},
    }
    return Event(**fields | changes)


def test_the_hash_covers_every_field() -> None:
    plain = Link.after(0, GENESIS, event()).hash
    changes: dict[str, Any] = {
        "at": WHEN.replace(microsecond=6),
        "action": Action.UPDATE,
        "outcome": Outcome.REFUSED,
        "detail": {"a": 1},
    } | dict.fromkeys(("actor", "actor_kind", "role", "institution", "entity", "entity_id", "address"), "x")
    hashes = {Link.after(0, GENESIS, event(**{name: value})).hash for name, value in changes.items()}
    hashes |= {Link.after(1, GENESIS, event()).hash, Link.after(0, "1" * 64, event()).hash}
    assert len(hashes | {plain}) == len(changes) + 3


def test_actions_are_recorded(local_gateway: RunningGateway, admin: httpx.Client) -> None:
    made = admin.post("/api/tokens", json={"name": "x", "role": "researcher"}, headers={"X-Request-ID": "trace-4711"})
    admin.delete(f"/api/tokens/{made.json()['id']}")
    with local_gateway.client(headers=bearer(made.json()["token"])) as client:
        assert client.get("/api/me").status_code == 401
    events = admin.get("/api/audit", params={"limit": 3}).json()["items"]
    assert [(one["action"], one["entity"], one["outcome"]) for one in events] == [
        ("login", "session", "refused"),
        ("delete", "token", "success"),
        ("create", "token", "success"),
    ]
    assert events[2]["request_id"] == made.headers["x-request-id"] != "trace-4711"
    assert events[2]["entity_id"] == made.json()["id"]
    assert {one["address"] for one in events} == {"127.0.0.1"}
    assert events[0]["actor"] == "stranger"


def test_refused_calls_are_recorded(local_gateway: RunningGateway, admin: httpx.Client, database_url: str) -> None:
    with local_gateway.client(headers=bearer(make_token(database_url, Role.RESEARCHER))) as researcher:
        assert problem(researcher.get("/api/audit")) == (403, "not_permitted")
    (recorded,) = admin.get("/api/audit", params={"limit": 1}).json()["items"]
    assert (recorded["role"], recorded["entity"], recorded["outcome"]) == ("researcher", "call", "refused")
    assert recorded["detail"] == {"scope": "audit.read"}


def test_the_log_is_filtered(admin: httpx.Client) -> None:
    admin.post("/api/tokens", json={"name": "x", "role": "researcher"})
    found = admin.get("/api/audit", params={"action": "create", "entity": "token", "limit": 100}).json()
    assert {(one["action"], one["entity"]) for one in found["items"]} == {("create", "token")}
    assert admin.get("/api/audit", params={"to": "2001-01-01T00:00:00Z"}).json()["total"] == 0
    assert admin.get("/api/audit", params={"offset": 10**6}).json()["items"] == []
    assert problem(admin.get("/api/audit", params={"from": "yesterday"})) == (422, "invalid_request")
    assert problem(admin.get("/api/audit", params={"action": "guess"})) == (422, "invalid_request")


def test_exported_lines_can_be_verified(admin: httpx.Client) -> None:
    admin.get("/api/audit")
    answer = admin.get("/api/audit/export")
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert [row["seq"] for row in rows] == sorted(row["seq"] for row in rows)
    for row in rows:
        seq, previous, own = row.pop("seq"), row.pop("previous_hash"), row.pop("hash")
        exported = Event(**row | {"at": datetime.fromisoformat(row["at"]), "action": Action(row["action"])})
        assert Link.after(seq - 1, previous, exported).hash == own
    assert (rows[-1]["action"], rows[-1]["entity"]) == ("export", "audit"), "the export itself is recorded too"


def test_the_export_as_fhir_is_valid(admin: httpx.Client) -> None:
    answer = admin.get("/api/audit/export", params={"format": "fhir"})
    assert answer.headers["content-type"].startswith("application/fhir+ndjson")
    events = [AuditEvent.model_validate_json(line) for line in answer.text.splitlines()]
    assert events
    assert {event.action for event in events} <= set("CRUDE")
    assert {event.outcome for event in events} <= {"0", "4", "8"}
    assert all(event.agent and event.entity and event.source for event in events)

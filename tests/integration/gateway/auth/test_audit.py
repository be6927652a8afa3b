"""The audit: what it holds, how it leaves the house, and that nobody changes it unseen."""

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
from gateway.auth.local_admin import local_admin
from gateway.database.connection import Database
from gateway.permissions import Role
from gateway.principal import RequestContext
from tests.integration.gateway.auth.api_calls import HOME, bearer, make_token, problem
from tests.integration.gateway.running_gateway import RunningGateway
from tests.postgres import RunningPostgres

WHEN = datetime(2026, 11, 23, 12, 0, 0, 5, UTC)
CONTEXT = RequestContext("203.0.113.9", "trace-4711")


@pytest.fixture
def admin(alone: RunningGateway, database_url: str) -> Iterator[httpx.Client]:
    with alone.client(headers=bearer(make_token(database_url, Role.ADMIN))) as client:
        yield client


@pytest.fixture
def chain(postgres: RunningPostgres) -> str:
    """A database with ten events, told by several at once."""
    url = postgres.new_database()

    async def tell(database: Database, number: int) -> None:
        async with database.transaction() as session:
            detail: audit_log.Detail = {
                "number": number,
                "ids": [str(number)],
                "words": "naïve ⚕ „quoted“",
                "yes": True,
                "none": None,
            }
            await audit_log.record(session, local_admin(HOME), Action.READ, "patient", uuid4(), CONTEXT, detail)

    async def fill() -> None:
        database = Database(url)
        try:
            await asyncio.gather(*(tell(database, number) for number in range(10)))
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
    """What the verification says after somebody who owns the database has been at it."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER TABLE audit_events DISABLE TRIGGER USER")
        for statement in statements:
            connection.execute(statement)
    return [fault.message for fault in verified(url).breaks]


def test_a_chain_that_many_wrote_at_once_holds(chain: str) -> None:
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
def test_what_was_changed_or_removed_is_named(chain: str, statement: LiteralString, words: list[str]) -> None:
    assert tampered(chain, statement) == words


def test_a_row_that_was_put_in_is_named(chain: str) -> None:
    """A forger who knows the rule puts a row with a right hash in the place of another."""
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
            [WHEN, HOME, forged.previous_hash, forged.hash],
        )
    assert forged.is_intact
    assert [fault.message for fault in verified(chain).breaks] == [
        "row 7 does not follow row 6: one of them was put in or replaced"
    ]


def test_the_end_that_was_cut_off_shows_in_the_head(chain: str) -> None:
    """The chain alone cannot tell; the head that was noted before can."""
    before = verified(chain)
    assert tampered(chain, "DELETE FROM audit_events WHERE seq > 8") == []
    assert verified(chain).head_seq == 8 != before.head_seq


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_events SET actor = 'x'", "DELETE FROM audit_events", "TRUNCATE audit_events"],
)
def test_it_is_written_once(chain: str, statement: LiteralString) -> None:
    with (
        psycopg.connect(chain) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="written once"),
    ):
        connection.execute(statement)


def test_the_command_tells_it_all(chain: str) -> None:
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


def test_a_deed_that_is_undone_leaves_no_event(chain: str) -> None:
    async def undone() -> None:
        database = Database(chain)
        try:
            async with database.transaction() as session:
                await audit_log.record(session, local_admin(HOME), Action.CREATE, "patient", None, CONTEXT)
                raise ZeroDivisionError
        finally:
            await database.close()

    with pytest.raises(ZeroDivisionError):
        asyncio.run(undone())
    assert verified(chain).rows == 10


def event(**changes: Any) -> Event:
    told: dict[str, Any] = {
        "at": WHEN,
        "actor": "local",
        "actor_kind": "local",
        "role": "admin",
        "institution": HOME,
        "action": Action.READ,
        "entity": "patient",
        "entity_id": None,
        "outcome": Outcome.SUCCESS,
        "address": None,
        "request_id": None,
        "detail": {},
    }
    return Event(**told | changes)


def test_every_field_is_under_the_hash() -> None:
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


def test_what_is_done_is_told_of(alone: RunningGateway, admin: httpx.Client) -> None:
    made = admin.post("/api/tokens", json={"name": "x", "role": "researcher"}, headers={"X-Request-ID": "trace-4711"})
    admin.delete(f"/api/tokens/{made.json()['id']}")
    with alone.client(headers=bearer(made.json()["token"])) as dead:
        assert dead.get("/api/me").status_code == 401
    told = admin.get("/api/audit", params={"limit": 3}).json()["items"]
    assert [(one["action"], one["entity"], one["outcome"]) for one in told] == [
        ("login", "session", "refused"),
        ("delete", "token", "success"),
        ("create", "token", "success"),
    ]
    assert told[2]["request_id"] == "trace-4711"
    assert told[2]["entity_id"] == made.json()["id"]
    assert {one["address"] for one in told} == {"127.0.0.1"}
    assert told[0]["actor"] == "stranger"


def test_what_is_refused_is_told_of(alone: RunningGateway, admin: httpx.Client, database_url: str) -> None:
    with alone.client(headers=bearer(make_token(database_url, Role.RESEARCHER))) as researcher:
        assert problem(researcher.get("/api/audit")) == (403, "not_permitted")
    (told,) = admin.get("/api/audit", params={"limit": 1}).json()["items"]
    assert (told["role"], told["entity"], told["outcome"]) == ("researcher", "call", "refused")
    assert told["detail"] == {"scope": "audit.read"}


def test_it_is_searched(admin: httpx.Client) -> None:
    admin.post("/api/tokens", json={"name": "x", "role": "researcher"})
    found = admin.get("/api/audit", params={"action": "create", "entity": "token", "limit": 100}).json()
    assert {(one["action"], one["entity"]) for one in found["items"]} == {("create", "token")}
    assert admin.get("/api/audit", params={"to": "2001-01-01T00:00:00Z"}).json()["total"] == 0
    assert admin.get("/api/audit", params={"offset": 10**6}).json()["items"] == []
    assert problem(admin.get("/api/audit", params={"from": "yesterday"})) == (422, "invalid_request")
    assert problem(admin.get("/api/audit", params={"action": "guess"})) == (422, "invalid_request")


def test_it_leaves_as_lines_that_prove_themselves(admin: httpx.Client) -> None:
    admin.get("/api/audit")
    answer = admin.get("/api/audit/export")
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert [row["seq"] for row in rows] == sorted(row["seq"] for row in rows)
    for row in rows:
        seq, previous, own = row.pop("seq"), row.pop("previous_hash"), row.pop("hash")
        told = Event(**row | {"at": datetime.fromisoformat(row["at"]), "action": Action(row["action"])})
        assert Link.after(seq - 1, previous, told).hash == own
    assert (rows[-1]["action"], rows[-1]["entity"]) == ("export", "audit"), "to take it away is told of too"


def test_it_leaves_as_fhir(admin: httpx.Client) -> None:
    answer = admin.get("/api/audit/export", params={"format": "fhir"})
    assert answer.headers["content-type"].startswith("application/fhir+ndjson")
    events = [AuditEvent.model_validate_json(line) for line in answer.text.splitlines()]
    assert events
    assert {event.action for event in events} <= set("CRUDE")
    assert {event.outcome for event in events} <= {"0", "4", "8"}
    assert all(event.agent and event.entity and event.source for event in events)

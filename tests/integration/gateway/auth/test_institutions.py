"""Institutions whose names an older release accepted: shown, renamed, and never mixed."""

import asyncio
from uuid import uuid4

import psycopg
import pytest
from typer.testing import CliRunner

from gateway.auth.institutions import RenamingRefused, institutions, rename
from gateway.auth.local_admin import command_line_admin
from gateway.cli.app import app
from gateway.cli.doctor import _institutions
from gateway.database.connection import Database
from gateway.permissions import Role
from gateway.settings.settings import Settings
from tests.integration.gateway.auth.api_calls import bearer, gateway_without_networks, make_token, problem
from tests.postgres import RunningPostgres

ODD = "alpha\u200b"


@pytest.fixture
def url(postgres: RunningPostgres) -> str:
    """A database with a token of `alpha`, and a patient and a token of the odd one."""
    url = postgres.new_database()
    make_token(url, Role.ADMIN, "alpha")
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO patients (id, institution, first_name, last_name, pseudonym) VALUES (%s, %s, 'A', 'B', 'P-1')",
            [uuid4(), ODD],
        )
    return url


def test_doctor_names_an_institution_that_no_login_reaches(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURNSTILE_DATABASE_URL", url)
    good, odd = asyncio.run(_institutions(Settings()))
    assert (good.ok, good.message) == (True, "alpha")
    assert not odd.ok
    assert "alpha\\u200b holds U+200B" in odd.message
    assert "turnstile institution rename" in odd.message


def test_an_institution_gets_another_name_by_its_shown_one(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURNSTILE_DATABASE_URL", url)
    run = CliRunner().invoke
    assert "U+200B" in run(app, ["institution", "list"]).output
    assert run(app, ["institution", "rename", "alpha\\u200b", "beta "]).exit_code == 2
    assert run(app, ["institution", "rename", "alpha\\u200b", "alpha"]).exit_code == 1, "two are never mixed"
    assert run(app, ["institution", "rename", "gamma", "beta"]).exit_code == 1
    assert run(app, ["institution", "rename", "alpha\\u200b", "beta"]).exit_code == 0
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT institution FROM patients").fetchall() == [("beta",)]
        last = connection.execute("SELECT entity, institution, detail FROM audit_events ORDER BY seq DESC").fetchone()
    assert last == ("institution", "beta", {"from": "alpha\\u200b"})


async def test_names_that_look_the_same_are_told_apart(url: str) -> None:
    database = Database(url)
    try:
        by = command_line_admin("test", "beta")
        with pytest.raises(RenamingRefused, match="already"):
            await rename(database, by, ODD, "alpha")
        await rename(database, by, ODD, "beta")
        assert [one.name for one in await institutions(database)] == ["alpha", "beta"]
    finally:
        await database.close()


def test_a_token_of_an_odd_institution_is_refused_with_the_reason(
    url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    token = make_token(url, Role.ADMIN, "gamma")
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE tokens SET institution = %s WHERE institution = 'gamma'", [ODD])
    with gateway_without_networks(tmp_path_factory.mktemp("odd"), url) as running, running.client() as client:
        answer = client.get("/api/me", headers=bearer(token))
    assert problem(answer) == (401, "invalid_claims")
    assert "turnstile doctor" in answer.json()["detail"]


def test_the_command_line_and_the_settings_follow_the_same_rule(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURNSTILE_DATABASE_URL", url)
    run = CliRunner().invoke
    create = ["token", "create", "--role", "researcher"]
    assert run(app, [*create, "night\u200brun"]).exit_code == 2
    assert run(app, [*create, "night run", "--institution", ODD]).exit_code == 2
    assert run(app, [*create, "night run", "--institution", "alpha"]).exit_code == 0
    with pytest.raises(ValueError, match="U\\+200B"):
        Settings(institution=ODD)

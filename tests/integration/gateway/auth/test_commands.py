"""`turnstile token`, and `turnstile up` on an address that other machines reach."""

import os
import subprocess
import sys

import pytest

from tests.integration.gateway.auth.api_calls import bearer, problem
from tests.integration.gateway.running_gateway import RunningGateway
from tests.postgres import RunningPostgres


def turnstile(database_url: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    variables = {
        "TURNSTILE_DATABASE_URL": database_url,
        "TURNSTILE_INSTITUTION": "st-anna",
        "COLUMNS": "160",
    }
    command = [sys.executable, "-m", "gateway.cli", *arguments]
    return subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, timeout=300, check=False)


def test_a_token_is_created_used_listed_and_revoked(local_gateway: RunningGateway, database_url: str) -> None:
    made = turnstile(database_url, "token", "create", "night run", "--role", "radiologist", "--days", "1")
    assert made.returncode == 0, made.stderr
    token = made.stdout.strip()
    with local_gateway.client(headers=bearer(token)) as client:
        me = client.get("/api/me").json()
        assert (me["name"], me["role"], me["institution"]) == ("night run", "radiologist", "st-anna")
        listed = turnstile(database_url, "token", "list").stdout
        assert "night run" in listed
        assert token not in listed
        assert token.split("_", 2)[2] not in made.stderr
        ended = turnstile(database_url, "token", "revoke", token.split("_")[1])
        assert ended.returncode == 0, ended.stderr
        assert problem(client.get("/api/me")) == (401, "invalid_token")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("token", "create", "x", "--role", "radiologist", "--scope", "audit.read"), "has no audit.read"),
        (("token", "revoke", "7b035ea9-7f0b-4f0e-a0f3-6ab2f1a7a111"), "no such token"),
        (("up", "--host", "0.0.0.0", "--port", "0"), "turnstile token create"),  # noqa: S104 - it must not listen
    ],
)
def test_errors_are_explained(postgres: RunningPostgres, arguments: tuple[str, ...], message: str) -> None:
    run = turnstile(postgres.new_database(), *arguments)
    assert run.returncode != 0
    assert message in " ".join(run.stderr.split())
    assert "Traceback" not in run.stderr

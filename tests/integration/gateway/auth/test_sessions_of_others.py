"""`turnstile session end`: sessions of one account, or of all accounts of an institution."""

from contextlib import ExitStack
from uuid import UUID

import psycopg
import pytest
from typer.testing import CliRunner

from gateway.cli.app import app
from gateway.permissions import Role
from tests.integration.gateway.auth.api_calls import INSTITUTION, make_token
from tests.integration.gateway.running_gateway import RunningGateway


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    monkeypatch.setenv("TURNSTILE_DATABASE_URL", database_url)
    monkeypatch.setenv("TURNSTILE_INSTITUTION", INSTITUTION)


def test_sessions_of_an_account_or_of_all_are_ended(oidc_gateway: RunningGateway, database_url: str) -> None:
    tokens = [make_token(database_url, Role.RADIOLOGIST) for _ in range(2)]
    tokens.append(make_token(database_url, Role.RADIOLOGIST, institution="another"))
    with ExitStack() as stack:
        browsers = [stack.enter_context(oidc_gateway.client(headers={"Origin": oidc_gateway.url})) for _ in tokens]
        for browser, token in zip(browsers, tokens, strict=True):
            assert browser.post("/auth/token", json={"token": token}).status_code == 204

        def signed_in() -> list[bool]:
            return [browser.get("/api/me").status_code == 200 for browser in browsers]

        account = f"token:{UUID(hex=tokens[0].split('_')[1])}"
        assert CliRunner().invoke(app, ["session", "end", account]).exit_code == 0
        assert signed_in() == [False, True, True]
        assert CliRunner().invoke(app, ["session", "end", "--all"]).exit_code == 0
        assert signed_in() == [False, False, True], "the other institution's goes on"
    with psycopg.connect(database_url) as connection:
        query = "SELECT detail FROM audit_events WHERE entity = 'session' AND actor LIKE 'cli:%' ORDER BY seq"
        events = [row[0] for row in connection.execute(query)]
    assert [event["account"] for event in events] == [account, "all"]
    assert events[0]["count"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name an account, or give --all"),
        (["token:1", "--all"], "name an account, or give --all"),
        (["oidc:https://login.example#ada"], "has no session at st-anna"),
        (["--all", "--institution", "st\u200banna"], "the name"),
    ],
)
def test_what_cannot_be_ended_is_explained(arguments: list[str], message: str) -> None:
    run = CliRunner().invoke(app, ["session", "end", *arguments], env={"COLUMNS": "160"})
    assert run.exit_code != 0
    assert message in " ".join(run.output.split())

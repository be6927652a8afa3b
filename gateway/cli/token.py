"""`turnstile token`: the first login of a service that others reach, and those of programs."""

import getpass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from gateway.auth.api_tokens import NewToken
from gateway.auth.local_admin import command_line_admin
from gateway.auth.token_administration import Tokens
from gateway.cli.command_context import console, errors, open_records, run_to_exit
from gateway.database.tables.auth import TokenRow
from gateway.permissions import GRANTS, Role, Scope
from gateway.settings.settings import Settings
from gateway.telemetry.logs import configure_logs

MOST = 1000

token = typer.Typer(help="API tokens: for programs, and for the page where there is no identity provider.")


@token.command()
def create(
    name: Annotated[str, typer.Argument(help="What the token is for, as its list tells it.")],
    role: Annotated[Role, typer.Option(help="What it may do.")],
    scope: Annotated[list[Scope] | None, typer.Option(help="Less than its role may; several times.")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Days until it expires; never by default.")] = None,
    institution: Annotated[str | None, typer.Option(help="TURNSTILE_INSTITUTION by default.")] = None,
) -> None:
    """Make a token and print it, this once."""
    settings = Settings()
    expires_at = None if days is None else datetime.now(UTC) + timedelta(days=days)
    by = command_line_admin(getpass.getuser(), institution or settings.institution)
    try:
        scopes = frozenset(scope) if scope else GRANTS[role]
        new = NewToken(name, role, by.institution, scopes, by.key, expires_at)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--scope") from error

    async def made() -> int:
        async with open_records(settings) as store:
            row, text = await Tokens(store.database).create(by, new, None)
        errors.print(f"token {row.id}, {row.role} at {row.institution}; it is shown this once:", style="dim")
        typer.echo(text)
        return 0

    configure_logs("error")
    run_to_exit(made())


@token.command("list")
def list_() -> None:
    """Show the institution's tokens; of a secret nothing is known."""
    settings = Settings()
    by = command_line_admin(getpass.getuser(), settings.institution)

    async def listed() -> int:
        async with open_records(settings) as store:
            rows, _ = await Tokens(store.database).page(by, MOST, 0, None)
        table = Table("id", "name", "role", "made", "last used", "state", show_edge=False)
        for row in rows:
            used = row.last_used_at.date().isoformat() if row.last_used_at else "never"
            table.add_row(str(row.id), row.name, row.role, row.created_at.date().isoformat(), used, _state(row))
        console.print(table)
        return 0

    configure_logs("error")
    run_to_exit(listed())


@token.command()
def revoke(token_id: Annotated[UUID, typer.Argument(help="The token's id, as its list tells it.")]) -> None:
    """End a token and every session that it opened."""
    settings = Settings()
    by = command_line_admin(getpass.getuser(), settings.institution)

    async def revoked() -> int:
        async with open_records(settings) as store:
            await Tokens(store.database).revoke(by, token_id, None)
        console.print("revoked", style="green")
        return 0

    configure_logs("error")
    run_to_exit(revoked())


def _state(row: TokenRow) -> str:
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.expires_at is not None and row.expires_at <= datetime.now(UTC) else "live"

"""`turnstile token`: API tokens for programs, and for the first login of a service that others can reach."""

import getpass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from gateway.auth.api_tokens import NewToken
from gateway.auth.local_admin import command_line_admin
from gateway.auth.token_administration import TokenAdministration
from gateway.cli.institution_option import InstitutionOption
from gateway.cli.messages import console, errors, run_and_exit
from gateway.cli.records import open_records
from gateway.database.tables.auth import TokenRow
from gateway.permissions import GRANTS, Role, Scope
from gateway.settings.settings import Settings
from gateway.telemetry.logs import configure_logs

MAX_LISTED = 1000

token = typer.Typer(help="API tokens: for programs, and for the page where there is no identity provider.")


@token.command()
def create(
    name: Annotated[str, typer.Argument(help="What the token is for, as shown by `list`.")],
    role: Annotated[Role, typer.Option(help="What it may do.")],
    scope: Annotated[list[Scope] | None, typer.Option(help="Fewer scopes than its role has; may be repeated.")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Days until it expires; never by default.")] = None,
    institution: InstitutionOption = None,
) -> None:
    """Create a token and print it; it cannot be shown again."""
    settings = Settings()
    expires_at = None if days is None else datetime.now(UTC) + timedelta(days=days)
    try:
        by = command_line_admin(getpass.getuser(), institution or settings.institution)
        scopes = frozenset(scope) if scope else GRANTS[role]
        new = NewToken(name, role, by.institution, scopes, by.key, expires_at)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error

    async def create_token() -> int:
        async with open_records(settings) as store:
            row, text = await TokenAdministration(store.database).create(by, new, None)
        errors.print(f"token {row.id}, {row.role} at {row.institution}; it is shown only once:", style="dim")
        typer.echo(text)
        return 0

    configure_logs("error")
    run_and_exit(create_token())


@token.command("list")
def list_() -> None:
    """List the tokens of the institution, without their secrets."""
    settings = Settings()
    by = command_line_admin(getpass.getuser(), settings.institution)

    async def list_tokens() -> int:
        async with open_records(settings) as store:
            rows, _ = await TokenAdministration(store.database).page(by, MAX_LISTED, 0, None)
        table = Table("id", "name", "role", "created", "last used", "state", show_edge=False)
        for row in rows:
            used = row.last_used_at.date().isoformat() if row.last_used_at else "never"
            table.add_row(str(row.id), row.name, row.role, row.created_at.date().isoformat(), used, _state(row))
        console.print(table)
        return 0

    configure_logs("error")
    run_and_exit(list_tokens())


@token.command()
def revoke(token_id: Annotated[UUID, typer.Argument(help="The token's id, as shown by `list`.")]) -> None:
    """Revoke a token and every session that it opened."""
    settings = Settings()
    by = command_line_admin(getpass.getuser(), settings.institution)

    async def revoke_token() -> int:
        async with open_records(settings) as store:
            await TokenAdministration(store.database).revoke(by, token_id, None)
        console.print("revoked", style="green")
        return 0

    configure_logs("error")
    run_and_exit(revoke_token())


def _state(row: TokenRow) -> str:
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.expires_at is not None and row.expires_at <= datetime.now(UTC) else "live"

"""`turnstile session`: ends the browser sessions of an account, or of all accounts of an institution."""

import getpass
from typing import Annotated

import typer

from gateway.auth.local_admin import command_line_admin
from gateway.auth.session_administration import end_sessions
from gateway.cli.institution_option import InstitutionOption
from gateway.cli.messages import console, run_and_exit
from gateway.cli.records import open_records
from gateway.settings.settings import Settings
from gateway.telemetry.logs import configure_logs

session = typer.Typer(help="Browser sessions: ends them before their time, for example when somebody has left.")


@session.callback()
def _several_commands() -> None:
    """Without a callback typer would make the only command the group itself."""


@session.command()
def end(
    account: Annotated[
        str | None, typer.Argument(help="As the audit log names it: oidc:ISSUER#SUBJECT, or token:ID.")
    ] = None,
    everybody: Annotated[bool, typer.Option("--all", help="All sessions of the institution.")] = False,
    institution: InstitutionOption = None,
) -> None:
    """End sessions at once. Disable the account at the identity provider first, or it signs in again."""
    if (account is None) != everybody:
        raise typer.BadParameter("name an account, or give --all")
    settings = Settings()
    by = command_line_admin(getpass.getuser(), institution or settings.institution)

    async def end_them() -> int:
        async with open_records(settings) as store:
            ended = await end_sessions(store.database, by, account, None)
        console.print(f"ended: {ended}", style="green")
        return 0

    configure_logs("error")
    run_and_exit(end_them())

"""`turnstile institution`: the institutions with records, and a new name for one."""

import getpass
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from gateway.auth import institutions
from gateway.auth.local_admin import command_line_admin
from gateway.cli.messages import console, run_and_exit
from gateway.cli.records import open_records
from gateway.settings.settings import Settings
from gateway.telemetry.logs import configure_logs
from gateway.text_rule import why_refused

institution = typer.Typer(help="The institutions with records, and a new name for one.")


@institution.command("list")
def list_() -> None:
    """List the institutions with records; characters that cannot be seen are shown as codes."""

    async def list_institutions() -> int:
        async with open_records(Settings()) as store:
            found = await institutions.institutions(store.database)
        table = Table("institution", "name", show_edge=False)
        for one in found:
            table.add_row(escape(one.shown), one.reason or (institutions.CUT if one.may_be_cut else "ok"))
        console.print(table)
        return 0

    configure_logs("error")
    run_and_exit(list_institutions())


@institution.command()
def rename(
    old: Annotated[str, typer.Argument(help="The name now, as shown by `list`.")],
    new: Annotated[str, typer.Argument(help="The new name, which no institution has yet.")],
) -> None:
    """Give an institution another name: its records, tokens and settings.

    Stop the service first. Audit events keep the old name. Users of the identity provider need the new name in their
    claim, the local admin and the command line in TURNSTILE_INSTITUTION.
    """
    if reason := why_refused(new):
        raise typer.BadParameter(f"the name {reason}", param_hint="NEW")

    async def rename_institution() -> int:
        async with open_records(Settings()) as store:
            await institutions.rename(store.database, command_line_admin(getpass.getuser(), new), old, new)
        console.print("renamed", style="green")
        return 0

    configure_logs("error")
    run_and_exit(rename_institution())

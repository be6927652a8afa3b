"""`turnstile audit`: whether the chain of the audit holds."""

import typer

from gateway.audit.reading import AuditTrail
from gateway.cli.command_context import console, errors, open_records, run_to_exit
from gateway.settings.settings import Settings
from gateway.telemetry.logs import configure_logs

BROKEN = 3

audit = typer.Typer(help="Who saw, made, changed, deleted and exported what.")


@audit.callback()
def _several() -> None:
    """Keeps `verify` a command of its own."""


@audit.command()
def verify() -> None:
    """Walk the whole chain and name every row that was changed, removed or put in.

    Prints the head of the chain: note it elsewhere, for whoever rewrites all rows can make a chain that holds, but not
    one that passes a head noted before. Exit status: 0 the chain holds, 3 it does not.
    """
    configure_logs("error")
    run_to_exit(_verify())


async def _verify() -> int:
    async with open_records(Settings()) as store:
        verification = await AuditTrail(store.database).verification()
    for fault in verification.breaks:
        errors.print(fault.words, style="red", highlight=False)
    holds = "[green]the chain holds[/]" if not verification.breaks else "[bold red]the chain does not hold[/]"
    console.print(f"{holds}: {verification.rows} rows", highlight=False)
    console.print(f"head: {verification.head_seq} {verification.head_hash}", highlight=False)
    return BROKEN if verification.breaks else 0

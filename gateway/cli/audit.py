"""`turnstile audit`: verification of the audit log's hash chain."""

import typer

from gateway.audit.audit_reader import AuditReader
from gateway.audit.sealing import seal_all
from gateway.cli.messages import console, errors, run_and_exit
from gateway.cli.records import open_records
from gateway.settings.settings import Settings
from gateway.telemetry.logs import configure_logs

BROKEN = 3

audit = typer.Typer(help="Who saw, made, changed, deleted and exported what.")


@audit.callback()
def _keep_verify_a_subcommand() -> None:
    """Keep `verify` a subcommand: Typer turns a group of one command into that command."""


@audit.command()
def verify() -> None:
    """Seal the events that wait, check the whole hash chain, and name each row that was changed, removed or inserted.

    Prints the head of the chain. Write it down on another system: a person who rewrites all rows can make a valid
    chain, but not one with the head that you wrote down. Exit status: 0 the chain is valid, 3 it is not.
    """
    configure_logs("error")
    run_and_exit(_verify())


async def _verify() -> int:
    async with open_records(Settings()) as store:
        await seal_all(store.database)
        verification = await AuditReader(store.database).verify()
    for fault in verification.breaks:
        errors.print(fault.message, style="red", highlight=False)
    verdict = "[green]the chain holds[/]" if not verification.breaks else "[bold red]the chain does not hold[/]"
    console.print(f"{verdict}: {verification.rows} rows", highlight=False)
    console.print(f"head: {verification.head_seq} {verification.head_hash}", highlight=False)
    if verification.unsealed:
        console.print(f"{verification.unsealed} newer events wait to be sealed into the chain", highlight=False)
    return BROKEN if verification.breaks else 0

"""`turnstile backup` and `turnstile restore`: the records and the files in one place, and back."""

import getpass
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from gateway.auth.local_admin import command_line_admin
from gateway.backups.archive import Archive
from gateway.backups.backup import Taken
from gateway.backups.errors import BackupMissing, DatabaseInUse
from gateway.backups.manifest import Manifest
from gateway.backups.restore import Restored, verified
from gateway.cli.command_context import console, errors, run_to_exit, with_records_found
from gateway.cli.running_instance import found
from gateway.composition.backups import open_backups
from gateway.settings.settings import MIB, Settings
from gateway.telemetry.logs import configure_logs

INCOMPLETE = 3
OWNER_ONLY = 0o077  # a backup names patients: what is made here is readable by its owner alone

Place = Annotated[str, typer.Argument(help="A folder, or s3://bucket/prefix.")]
Name = Annotated[str | None, typer.Option("--backup", help="Which one, by its name; the newest by default.")]


def backup(
    target: Place,
    keep: Annotated[int | None, typer.Option(min=1, help="Leave so many of the newest there; all by default.")] = None,
) -> None:
    """Back up the records and the files, while everything runs; what is there already is not copied again.

    Exit status: 0 a whole backup, 3 a whole one of a store that lacks files which its records name.
    """
    configure_logs("error")
    os.umask(OWNER_ONLY)
    run_to_exit(_backup(Settings(), target, keep))


def restore(
    source: Place,
    name: Name = None,
    replace: Annotated[bool, typer.Option("--replace", help="Throw away the records that are there.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Read the backup through, and restore nothing.")] = False,
) -> None:
    """Bring a backup back into an empty database; the gateway and the workers must be stopped.

    Everything is verified before anything is written: the dump, and every file by its hash.
    """
    configure_logs("error")
    os.umask(OWNER_ONLY)
    run_to_exit(_check(source, name) if check else _restore(Settings(), source, name, replace))


async def _backup(settings: Settings, target: str, keep: int | None) -> int:
    by = command_line_admin(getpass.getuser(), settings.institution)
    async with open_backups(with_records_found(settings), by) as (taking, _):
        with errors.status("dumping the database") as status:
            taken = await taking.backup(
                Archive(target), keep, lambda done, of: status.update(f"copying files: {done} of {of}")
            )
    _tell_taken(taken)
    return INCOMPLETE if taken.manifest.missing else 0


async def _restore(settings: Settings, source: str, name: str | None, replace: bool) -> int:
    note = found()
    if note is not None and (
        settings.database_url is None or settings.database_url.get_secret_value() == note.database_url
    ):
        raise DatabaseInUse(f"`turnstile up` (process {note.pid}) runs on this database: stop it first")
    by = command_line_admin(getpass.getuser(), settings.institution)
    async with open_backups(settings, by) as (_, restoring):
        with errors.status("looking") as status:
            restored = await restoring.restore(
                _there(source), name, replace, lambda done, of: status.update(f"files: {done} of {of}")
            )
    _tell_restored(restored)
    return 0


async def _check(source: str, name: str | None) -> int:
    with errors.status("reading") as status:
        manifest, _ = await verified(_there(source), name, lambda done, of: status.update(f"files: {done} of {of}"))
    console.print(_facts(manifest))
    console.print("whole: the dump and every file are as they were written", style="green")
    return 0


def _there(source: str) -> Archive:
    """The archive at `source`, which is not made when it is missing."""
    if "://" not in source and not Path(source).is_dir():
        raise BackupMissing(f"there is no folder {source}")
    return Archive(source)


def _tell_taken(taken: Taken) -> None:
    console.print(_facts(taken.manifest))
    console.print(f"{taken.copied} files were new here, {taken.dropped} old ones were dropped", highlight=False)
    if missing := taken.manifest.missing:
        errors.print(
            f"{len(missing)} files that the records name are not in the store, or not what they were: these cannot "
            "come back. Is this the store that the service uses (TURNSTILE_DATA_FOLDER, TURNSTILE_BLOB_URL)? The "
            "manifest lists them.",
            style="bold red",
        )


def _tell_restored(restored: Restored) -> None:
    console.print(_facts(restored.manifest))
    console.print(
        f"restored: {restored.copied} files were brought back, the rows are those that were backed up, the audit's "
        f"chain holds, the schema is {restored.schema}",
        style="green",
        highlight=False,
    )
    waiting = ", ".join(f"{number} {state}" for state, number in restored.unfinished.items() if number)
    console.print(f"analyses that had not ended and will be made once workers run: {waiting or 'none'}")


def _facts(manifest: Manifest) -> Table:
    table = Table.grid(padding=(0, 2))
    rows = manifest.rows
    table.add_row("backup", f"{manifest.name}, by Turnstile {manifest.product}, schema {manifest.schema}")
    table.add_row("records", f"{rows['patients']} patients, {rows['scans']} scans, {rows['reports']} reports")
    table.add_row(
        "files", f"{manifest.files}, {manifest.files_bytes / MIB:.1f} MiB; dump {manifest.dump.size / MIB:.1f} MiB"
    )
    table.add_row("audit", f"{rows['audit_events']} rows, head {manifest.audit_head}")
    return table

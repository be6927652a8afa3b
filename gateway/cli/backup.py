"""`turnstile backup` and `turnstile restore`: the records and the files, copied to one place and back."""

import getpass
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from gateway.auth.local_admin import command_line_admin
from gateway.backups.archive import Archive
from gateway.backups.backup import BackupResult
from gateway.backups.errors import BackupMissing, DatabaseInUse
from gateway.backups.manifest import Manifest
from gateway.backups.restore import RestoreResult, verify_backup
from gateway.cli.messages import console, errors, run_and_exit
from gateway.cli.records import with_running_database
from gateway.cli.running_instance import find_running
from gateway.composition.backups import open_backups
from gateway.settings.settings import MIB, Settings
from gateway.telemetry.logs import configure_logs

INCOMPLETE = 3

Location = Annotated[str, typer.Argument(help="A folder, or s3://bucket/prefix.")]
Name = Annotated[str | None, typer.Option("--backup", help="Name of the backup; the newest by default.")]


def backup(
    target: Location,
    keep: Annotated[int | None, typer.Option(min=1, help="Keep so many of the newest backups; all by default.")] = None,
) -> None:
    """Back up the records and the files while the service runs; files that are already there are not copied again.

    Exit status: 0 the backup is complete, 3 it is complete but the storage lacks files that the records name.
    """
    configure_logs("error")
    run_and_exit(_backup(Settings(), target, keep))


def restore(
    source: Location,
    name: Name = None,
    replace: Annotated[bool, typer.Option("--replace", help="Delete the records that the database has now.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Read and verify the backup, restore nothing.")] = False,
) -> None:
    """Restore a backup into an empty database. Stop the gateway and the workers first.

    The dump and the hash of every file are verified before anything is written.
    """
    configure_logs("error")
    run_and_exit(_check(source, name) if check else _restore(Settings(), source, name, replace))


async def _backup(settings: Settings, target: str, keep: int | None) -> int:
    by = command_line_admin(getpass.getuser(), settings.institution)
    async with open_backups(with_running_database(settings), by) as (writer, _):
        with errors.status("dumping the database") as status:
            result = await writer.backup(
                Archive(target), keep, lambda done, of: status.update(f"copying files: {done} of {of}")
            )
    _print_backup(result)
    return INCOMPLETE if result.manifest.missing else 0


async def _restore(settings: Settings, source: str, name: str | None, replace: bool) -> int:
    running = find_running()
    if running is not None and (
        settings.database_url is None or settings.database_url.get_secret_value() == running.database_url
    ):
        raise DatabaseInUse(f"`turnstile up` (process {running.pid}) runs on this database: stop it first")
    by = command_line_admin(getpass.getuser(), settings.institution)
    async with open_backups(settings, by) as (_, restorer):
        with errors.status("checking") as status:
            result = await restorer.restore(
                _existing_archive(source), name, replace, lambda done, of: status.update(f"files: {done} of {of}")
            )
    _print_restore(result)
    return 0


async def _check(source: str, name: str | None) -> int:
    with errors.status("reading") as status:
        archive = _existing_archive(source)
        manifest, _ = await verify_backup(archive, name, lambda done, of: status.update(f"files: {done} of {of}"))
    console.print(_manifest_table(manifest))
    console.print("whole: the dump and every file are as they were written", style="green")
    return 0


def _existing_archive(source: str) -> Archive:
    """The archive at `source`; a missing folder is an error and is not created."""
    if "://" not in source and not Path(source).is_dir():
        raise BackupMissing(f"there is no folder {source}")
    return Archive(source)


def _print_backup(result: BackupResult) -> None:
    console.print(_manifest_table(result.manifest))
    console.print(f"{result.copied} new files were copied, {result.dropped} old ones were deleted", highlight=False)
    if missing := result.manifest.missing:
        errors.print(
            f"{len(missing)} files that the records name are missing from the storage, or changed: they cannot be "
            "restored. Is this the storage that the service uses (TURNSTILE_DATA_FOLDER, TURNSTILE_BLOB_URL)? The "
            "manifest lists them.",
            style="bold red",
        )


def _print_restore(result: RestoreResult) -> None:
    console.print(_manifest_table(result.manifest))
    console.print(
        f"restored: {result.copied} files were copied, the rows are those that were backed up, the audit's "
        f"chain holds, the schema is {result.schema}",
        style="green",
        highlight=False,
    )
    waiting = ", ".join(f"{number} {state}" for state, number in result.unfinished.items() if number)
    console.print(f"analyses that had not ended and will run once workers are started: {waiting or 'none'}")


def _manifest_table(manifest: Manifest) -> Table:
    table = Table.grid(padding=(0, 2))
    rows = manifest.rows
    table.add_row("backup", f"{manifest.name}, by Turnstile {manifest.product}, schema {manifest.schema}")
    table.add_row("records", f"{rows['patients']} patients, {rows['scans']} scans, {rows['reports']} reports")
    table.add_row(
        "files", f"{manifest.files}, {manifest.files_bytes / MIB:.1f} MiB; dump {manifest.dump.size / MIB:.1f} MiB"
    )
    table.add_row("audit", f"{rows['audit_events']} rows, head {manifest.audit_head}")
    return table

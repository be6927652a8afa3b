"""`turnstile enqueue`: a folder, or a bucket, of thousands into the durable queue, for any number of workers."""

import getpass
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import typer

from gateway.auth.local_admin import command_line_admin
from gateway.cli.command_context import console, errors, open_records, run_to_exit
from gateway.cli.progress_bar import Bar
from gateway.cli.results import NameOfRun
from gateway.cli.screen import FAILED
from gateway.mass_runs.durable.bucket import in_bucket
from gateway.mass_runs.durable.enqueueing import Filling
from gateway.mass_runs.durable.sources import Found, in_paths
from gateway.records.scan_upload import Uploading
from gateway.settings.settings import Settings
from gateway.telemetry.logs import configure_logs

BUCKET: Final = "s3://"
AT_ONCE: Final = 4
AHEAD: Final = 200

Sources = Annotated[
    list[str], typer.Argument(help="s3://bucket/prefix, or studies and folders of studies, as `screen`.")
]


def enqueue(
    sources: Sources,
    name: NameOfRun,
    patient: Annotated[
        UUID | None, typer.Option(help="Whose scans they are; by default a patient is made for the run.")
    ] = None,
    urgent: Annotated[bool, typer.Option("--urgent", help="Before all that is not urgent.")] = False,
    at_once: Annotated[int, typer.Option(min=1, max=16, help="Uploads taken in at once.")] = AT_ONCE,
    ahead: Annotated[int, typer.Option(min=1, help="Pause while so many analyses wait in the queue.")] = AHEAD,
    institution: Annotated[str | None, typer.Option(help="TURNSTILE_INSTITUTION by default.")] = None,
) -> None:
    """Put studies into the durable queue; workers analyse them, and `turnstile results` tells what came of them.

    Uses the database and the files of TURNSTILE_DATABASE_URL and TURNSTILE_BLOB_URL (or TURNSTILE_DATA_FOLDER), else
    those of a running `turnstile up`. The run is known by its NAME: the same command again adds what is not in it yet,
    and nothing twice, on whatever machine.
    Exit status: 0 all are in the queue, 3 some could not be read.
    """
    paths = [Path(source) for source in sources if not source.startswith(BUCKET)]
    if absent := next((path for path in paths if not path.exists()), None):
        raise typer.BadParameter(f"there is no {absent}", param_hint="SOURCES")
    run_to_exit(_enqueue(sources, paths, name, patient, (at_once, ahead), institution, urgent=urgent))


async def _enqueue(
    sources: Sequence[str],
    paths: Sequence[Path],
    name: str,
    patient: UUID | None,
    bounds: tuple[int, int],
    institution: str | None,
    *,
    urgent: bool,
) -> int:
    configure_logs("error")
    settings = Settings()
    by = command_line_admin(getpass.getuser(), institution or settings.institution)
    async with open_records(settings) as store:
        filling = Filling(store.database, Uploading(store.database, store.blobs), by, *bounds)
        run = await filling.opened(name, patient, urgent=urgent)
        found = [in_paths(paths), *[await in_bucket(source) for source in sources if source.startswith(BUCKET)]]
        _tell_passed_over(found)
        uploads = [source for one in found for source in one.sources]
        left = await filling.left(run, uploads)
        failed = 0
        with Bar("enqueueing", len(uploads), len(uploads) - len(left)) as bar:

            def on_done(one_failed: bool) -> None:
                nonlocal failed
                failed += one_failed
                bar.done(failed=one_failed)

            await filling.fill(run, left, on_done)
    console.print(f"run {name}: {len(left) - failed} put into the queue, {failed} could not be", highlight=False)
    return FAILED if failed else 0


def _tell_passed_over(found: Sequence[Found]) -> None:
    for item in (item for one in found for item in one.passed_over):
        errors.print(
            f"passed over, neither DICOM, zip nor NIfTI: {item}", style="yellow", highlight=False, markup=False
        )

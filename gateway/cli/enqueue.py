"""`turnstile enqueue`: puts the studies of folders or buckets into the durable queue, for any number of workers."""

import getpass
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import typer

from gateway.auth.local_admin import command_line_admin
from gateway.cli.institution_option import InstitutionOption
from gateway.cli.messages import console, errors, run_and_exit
from gateway.cli.progress_bar import ProgressBar
from gateway.cli.records import open_records
from gateway.cli.results import RunName
from gateway.cli.screen import FAILED
from gateway.cli.terminal_text import print_passed_over
from gateway.composition.quotas import quotas_of
from gateway.mass_runs.durable.bucket import sources_in_bucket
from gateway.mass_runs.durable.enqueueing import Enqueuer
from gateway.mass_runs.durable.sources import sources_in_paths
from gateway.records.scan_upload import ScanUploads
from gateway.settings.settings import Settings
from gateway.storage.scratch import open_scratch
from gateway.telemetry.logs import configure_logs

BUCKET: Final = "s3://"
AT_ONCE: Final = 4
MAX_WAITING: Final = 200

Sources = Annotated[
    list[str], typer.Argument(help="s3://bucket/prefix, or studies and folders of studies, as for `screen`.")
]


def enqueue(
    sources: Sources,
    name: RunName,
    patient: Annotated[
        UUID | None, typer.Option(help="The patient of the scans; by default a new patient for the run.")
    ] = None,
    urgent: Annotated[bool, typer.Option("--urgent", help="Analyse before all that is not urgent.")] = False,
    at_once: Annotated[int, typer.Option(min=1, max=16, help="Uploads stored at once.")] = AT_ONCE,
    max_waiting: Annotated[
        int, typer.Option(min=1, help="Pause while so many analyses wait in the queue.")
    ] = MAX_WAITING,
    ahead: Annotated[int | None, typer.Option("--ahead", min=1, hidden=True)] = None,  # the old name of --max-waiting
    institution: InstitutionOption = None,
) -> None:
    """Put studies into the durable queue; workers analyse them, and `turnstile results` shows the results.

    Uses the database and the files of TURNSTILE_DATABASE_URL and TURNSTILE_BLOB_URL (or TURNSTILE_DATA_FOLDER), else
    those of a running `turnstile up`. The same command with the same --name, on any machine, adds what the run does
    not have yet, and nothing twice.
    Exit status: 0 all are in the queue, 3 some could not be read.
    """
    paths = [Path(source) for source in sources if not source.startswith(BUCKET)]
    if absent := next((path for path in paths if not path.exists()), None):
        raise typer.BadParameter(f"there is no {absent}", param_hint="SOURCES")
    run_and_exit(_enqueue(sources, paths, name, patient, (at_once, ahead or max_waiting), institution, urgent=urgent))


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
    async with open_records(settings) as store, open_scratch(settings.scratch_folder) as scratch:
        enqueuer = Enqueuer(store.database, ScanUploads(store.database, store.blobs, quotas_of(settings)), by, *bounds)
        run = await enqueuer.open_run(name, patient, urgent=urgent)
        buckets = [source for source in sources if source.startswith(BUCKET)]
        discovered = [sources_in_paths(paths), *[await sources_in_bucket(bucket, scratch) for bucket in buckets]]
        print_passed_over((item for one in discovered for item in one.passed_over), errors)
        uploads = [source for one in discovered for source in one.sources]
        remaining = await enqueuer.remaining(run, uploads)
        failed = 0
        with ProgressBar("enqueueing", len(uploads), len(uploads) - len(remaining)) as bar:

            def on_done(one_failed: bool) -> None:
                nonlocal failed
                failed += one_failed
                bar.done(failed=one_failed)

            await enqueuer.enqueue(run, remaining, on_done)
    console.print(f"run {name}: {len(remaining) - failed} put into the queue, {failed} could not be", highlight=False)
    return FAILED if failed else 0

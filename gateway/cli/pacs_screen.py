"""`turnstile pacs screen`: studies of an archive into the durable queue, as a named run."""

import getpass
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import typer

from gateway.auth.local_admin import command_line_admin
from gateway.cli.enqueue import MAX_WAITING
from gateway.cli.institution_option import InstitutionOption
from gateway.cli.messages import console, run_and_exit
from gateway.cli.pacs_archives import print_left_out
from gateway.cli.pacs_query import (
    Accession,
    ArchiveName,
    BodyPart,
    Modality,
    Most,
    Since,
    UidFile,
    Uids,
    Until,
    query_of,
)
from gateway.cli.progress_bar import ProgressBar
from gateway.cli.records import open_records
from gateway.cli.results import RunName
from gateway.cli.screen import FAILED
from gateway.composition.quotas import quotas_of
from gateway.mass_runs.durable.enqueueing import Enqueuer
from gateway.pacs.archives.fetching import Fetcher
from gateway.pacs.archives.finding import find_studies
from gateway.pacs.archives.opening import open_archive
from gateway.pacs.archives.query import MOST, StudyQuery
from gateway.pacs.archives.screening import ArchiveStudies
from gateway.pacs.routing.decision import Decision
from gateway.pacs.routing.rules import Rules
from gateway.records.scan_upload import ScanUploads
from gateway.settings.settings import Settings
from gateway.storage.scratch import open_scratch
from gateway.telemetry.logs import configure_logs


@dataclass(frozen=True)
class _Options:
    name: str
    patient: UUID | None
    destinations: tuple[str, ...]
    institution: str | None
    max_waiting: int
    urgent: bool
    rules: bool
    retry_failed: bool


def screen(
    archive: ArchiveName,
    name: RunName,
    since: Since = None,
    until: Until = None,
    modality: Modality = "CT",
    body_part: BodyPart = None,
    accession: Accession = None,
    uid: Uids = None,
    uid_file: UidFile = None,
    most: Most = MOST,
    patient: Annotated[
        UUID | None, typer.Option(help="The patient of all scans; by default each study's own, by its Patient ID.")
    ] = None,
    urgent: Annotated[bool, typer.Option("--urgent", help="Analyse before all that is not urgent.")] = False,
    rules: Annotated[bool, typer.Option("--rules", help="Ask the rules which studies are screened.")] = False,
    to: Annotated[
        list[str] | None,
        typer.Option(help="A destination of the results; by default they stay here, or go by the rules."),
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Fetch again what could not be fetched before.")
    ] = False,
    max_waiting: Annotated[
        int, typer.Option(min=1, help="Pause while so many analyses wait in the queue.")
    ] = MAX_WAITING,
    institution: InstitutionOption = None,
) -> None:
    """Fetch studies from an archive into the durable queue; workers analyse them, `turnstile results` shows the rows.

    The series of CT are fetched, each compared with the number of instances that the archive tells: half a study is an
    error. The same command with the same --name, on any machine, adds what the run does not have yet, nothing twice.
    Exit status: 0 all are in the queue, 3 some could not be fetched.
    """
    if rules and to:
        raise typer.BadParameter("with --rules the rules say where results go", param_hint="--to")
    query = query_of(since, until, modality, body_part, accession, uid, uid_file, most)
    options = _Options(name, patient, tuple(to or ()), institution, max_waiting, urgent, rules, retry_failed)
    run_and_exit(_screen(archive, query, options))


async def _screen(archive_name: str, query: StudyQuery, options: _Options) -> int:
    configure_logs("error")
    settings = Settings()
    by = command_line_admin(getpass.getuser(), options.institution or settings.institution)
    async with (
        open_archive(settings.pacs_archives, archive_name) as archive,
        open_records(settings) as store,
        open_scratch(settings.scratch_folder) as scratch,
    ):
        uploads = ScanUploads(store.database, store.blobs, quotas_of(settings))
        enqueuer = Enqueuer(store.database, uploads, by, archive.at_once, options.max_waiting)
        run = await enqueuer.open_run(options.name, options.patient, urgent=options.urgent)
        if options.retry_failed:
            await enqueuer.forget_failed(run)
        found = await find_studies(archive, query)
        print_left_out(found)
        studies = ArchiveStudies(
            fetcher=Fetcher(archive),
            database=store.database,
            principal=by,
            scratch=scratch,
            rules=Rules() if options.rules else None,
            decision=Decision(screen=True, destinations=options.destinations),
            own_patients=options.patient is None,
        )
        sources = [studies.source(study) for study in found.studies]
        remaining = await enqueuer.remaining(run, sources)
        failed = 0
        with ProgressBar("fetching", len(sources), len(sources) - len(remaining)) as bar:

            def on_done(one_failed: bool) -> None:
                nonlocal failed
                failed += one_failed
                bar.done(failed=one_failed)

            await enqueuer.enqueue(run, remaining, on_done)
    added = len(remaining) - failed
    text = f"run {options.name}: {added} put into the queue, {failed} could not be"
    console.print(text, highlight=False, markup=False)
    return FAILED if failed or found.absent_uids else 0

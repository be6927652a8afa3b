"""`turnstile pacs find` and `pull`: the studies of an archive as a table, and as folders."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from gateway.cli.messages import console, errors, run_and_exit
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
from gateway.cli.screen import FAILED
from gateway.pacs.archives.errors import ArchiveError
from gateway.pacs.archives.fetching import Fetcher
from gateway.pacs.archives.finding import Found, find_studies
from gateway.pacs.archives.opening import open_archive
from gateway.pacs.archives.pulling import Puller
from gateway.pacs.archives.query import MOST, FoundStudy, StudyQuery
from gateway.settings.settings import Settings
from gateway.telemetry.logs import configure_logs


def find(
    archive: ArchiveName,
    since: Since = None,
    until: Until = None,
    modality: Modality = "CT",
    body_part: BodyPart = None,
    accession: Accession = None,
    uid: Uids = None,
    uid_file: UidFile = None,
    most: Most = MOST,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, not a table.")] = False,
) -> None:
    """Find studies in an archive: date, modalities, instances, accession number, description and UID.

    Names and identifiers of patients are not printed. Exit status: 0 also when nothing fits, 1 when the archive fails.
    """
    query = query_of(since, until, modality, body_part, accession, uid, uid_file, most)
    run_and_exit(_find(archive, query, as_json=as_json))


def pull(
    archive: ArchiveName,
    output: Annotated[Path, typer.Option("--output", "-o", file_okay=False, help="The folder to write into.")],
    since: Since = None,
    until: Until = None,
    modality: Modality = "CT",
    body_part: BodyPart = None,
    accession: Accession = None,
    uid: Uids = None,
    uid_file: UidFile = None,
    most: Most = MOST,
) -> None:
    """Fetch whole studies into a folder: one folder a study, named by its UID, which appears when it is complete.

    The same command continues after it was stopped. Exit status: 0 all are there, 3 some could not be fetched whole.
    """
    query = query_of(since, until, modality, body_part, accession, uid, uid_file, most)
    run_and_exit(_pull(archive, query, output))


async def _find(name: str, query: StudyQuery, *, as_json: bool) -> int:
    configure_logs("error")
    async with open_archive(Settings().pacs_archives, name) as archive:
        found = await find_studies(archive, query)
    if as_json:
        typer.echo(json.dumps([_fields(study) for study in found.studies], ensure_ascii=False, indent=2))
    else:
        console.print(_table(found))
    print_left_out(found)
    return 0


async def _pull(name: str, query: StudyQuery, folder: Path) -> int:
    configure_logs("error")
    async with open_archive(Settings().pacs_archives, name) as archive:
        puller = Puller(Fetcher(archive), folder)
        with puller.locked():
            found = await find_studies(archive, query)
            print_left_out(found)
            remaining = puller.remaining(found.studies)
            failed: dict[str, ArchiveError] = {}
            with ProgressBar("fetching", len(found.studies), len(found.studies) - len(remaining)) as bar:

                def on_done(study: FoundStudy, error: ArchiveError | None) -> None:
                    if error is not None:
                        failed[study.study_uid] = error
                    bar.done(failed=error is not None)

                await puller.pull(remaining, on_done)
    for uid, error in failed.items():
        errors.print(f"{uid}: {error.code}: {error.detail}", style="red", highlight=False, markup=False, soft_wrap=True)
    whole = len(remaining) - len(failed)
    console.print(
        f"{whole} studies fetched into {folder}, {len(failed)} could not be",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    return FAILED if failed or found.absent_uids else 0


def print_left_out(found: Found) -> None:
    """Print which answers and UIDs of the query lead to no study."""
    lines = []
    if found.unfit:
        lines.append(f"{found.unfit} answers of the archive do not fit the query, and are left out")
    if found.no_body_part:
        lines.append(f"{found.no_body_part} studies tell no body part, and are left out")
    lines += [f"the archive does not have {uid}" for uid in found.absent_uids]
    for line in lines:
        errors.print(line, style="yellow", highlight=False, markup=False, soft_wrap=True)


def _table(found: Found) -> Table:
    table = Table("date", "modalities", "instances", "accession", "description", "Study Instance UID", show_edge=False)
    for study in found.studies:
        table.add_row(*(Text("" if value is None else str(value)) for value in _fields(study).values()))
    table.caption = f"{len(found.studies)} studies"
    return table


def _fields(study: FoundStudy) -> dict[str, Any]:
    return {
        "study_date": study.study_date.isoformat() if study.study_date else None,
        "modalities": " ".join(sorted(study.modalities)),
        "instances": study.instances,
        "accession_number": study.accession_number,
        "description": study.description,
        "study_uid": study.study_uid,
    }

"""The query options of `turnstile pacs find`, `pull` and `screen`."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.pacs.archives.query import MOST, StudyQuery

DAY = "%Y-%m-%d"

ArchiveName = Annotated[str, typer.Argument(metavar="ARCHIVE", help="A name of TURNSTILE_PACS_ARCHIVES.")]
Since = Annotated[datetime | None, typer.Option(formats=[DAY], help="First Study Date.")]
Until = Annotated[datetime | None, typer.Option(formats=[DAY], help="Last Study Date.")]
Modality = Annotated[str, typer.Option(help="A modality of the study; `any` for all.")]
BodyPart = Annotated[
    str | None, typer.Option(help="Body Part Examined of a series; asks for the series of each study.")
]
Accession = Annotated[str | None, typer.Option(help="Accession Number.")]
Uids = Annotated[list[str] | None, typer.Option("--uid", help="A Study Instance UID; can be repeated.")]
UidFile = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="A file with a Study Instance UID in each line.")
]
Most = Annotated[int, typer.Option(min=1, help="Stop with an error when more studies fit.")]


def query_of(
    since: datetime | None,
    until: datetime | None,
    modality: str,
    body_part: str | None,
    accession: str | None,
    uids: list[str] | None,
    uid_file: Path | None,
    most: int = MOST,
) -> StudyQuery:
    """The query of the options; raises BadParameter."""
    lines = [] if uid_file is None else uid_file.read_text(encoding="utf-8", errors="replace").split()
    given = tuple(dict.fromkeys([*(uids or ()), *lines]))
    if uid_file is not None and not given:
        raise typer.BadParameter("the file has no UID", param_hint="--uid-file")
    if not (since or until or accession or given):
        raise typer.BadParameter("give dates, an accession number or UIDs; an archive is not asked for all it has")
    try:
        return StudyQuery(
            since=_day(since),
            until=_day(until),
            modality=None if modality.lower() == "any" else modality.upper(),
            body_part=body_part,
            accession_number=accession,
            study_uids=given,
            most=most,
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()

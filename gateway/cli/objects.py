"""`turnstile objects`: the result of a stored scan as DICOM files in a folder."""

import getpass
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from gateway.auth.local_admin import command_line_admin
from gateway.cli.institution_option import InstitutionOption
from gateway.cli.messages import console, run_and_exit
from gateway.cli.records import open_records
from gateway.composition.viewing import create_viewing
from gateway.reports.pdf.document import ReportPdf
from gateway.reports.pdf.texts import Language
from gateway.reports.result_downloads import ResultDownloads
from gateway.reports.stored_reports import Format, Reports
from gateway.result_objects.encoding import ObjectKind
from gateway.screening.decode_workers import DecodePool
from gateway.settings.settings import Settings
from gateway.storage.scratch import open_scratch
from gateway.telemetry.logs import configure_logs


def objects(
    scan: Annotated[UUID, typer.Argument(help="The scan's id.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the files; it is made if it is missing.")],
    kind: Annotated[list[ObjectKind] | None, typer.Option(help="Only this kind; may be repeated.")] = None,
    lang: Annotated[Language, typer.Option(help="Of the PDF.")] = Language.ENGLISH,
    institution: InstitutionOption = None,
) -> None:
    """Write the newest result of a stored scan as DICOM: SR, SEG, heatmap and others, a file for each object.

    They hold the patient's name. A kind that the result does not have is left out, if it is not the only one.
    """
    run_and_exit(_objects(scan, output, tuple(kind or ObjectKind), lang, institution))


async def _objects(
    scan: UUID, output: Path, kinds: tuple[ObjectKind, ...], language: Language, institution: str | None
) -> int:
    configure_logs("error")
    settings = Settings()
    by = command_line_admin(getpass.getuser(), institution or settings.institution)
    async with open_records(settings) as store, open_scratch(settings.scratch_folder) as scratch:
        decode = DecodePool(1, settings.decode_timeout_s, settings.decode_memory_bytes)
        try:
            viewing = create_viewing(settings, store, decode, scratch)
            downloads = ResultDownloads(store.database, viewing, ReportPdf(store.database, viewing))
            report = await Reports(store.database).read(by, None, scan, None, Format.DICOM)
            written = 0
            async for name, content in downloads.files(by, None, report, report.body["studies"], kinds, language):
                path = output / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                written += 1
        finally:
            decode.close()
    console.print(f"{written} file(s) in {output}", highlight=False, markup=False)
    return 0

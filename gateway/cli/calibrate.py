"""`turnstile calibrate`: a model card from a site's own studies, with figures before and after."""

import getpass
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.markdown import Markdown

from gateway.auth.local_admin import command_line_admin
from gateway.calibration.base_card import base_card
from gateway.calibration.collected_studies import CollectedStudies
from gateway.calibration.labelled_folder import collect, remaining
from gateway.calibration.result_page import result_page, shipped_page, studies_page
from gateway.calibration.stored_scans import StoredScans
from gateway.cli.institution_option import InstitutionOption
from gateway.cli.messages import console, errors, exit_with_message, run_and_exit
from gateway.cli.progress_bar import ProgressBar
from gateway.cli.records import open_records
from gateway.cli.services import print_warnings, ready_services
from gateway.cli.shipped_card import card_in, served_repository
from gateway.composition.record_store import RecordStore
from gateway.mass_runs.journal import Journal
from gateway.mass_runs.local import LocalScreening
from gateway.mass_runs.run import screen_all
from gateway.principal import Principal
from gateway.screening.site_cards import SiteCards
from gateway.settings.settings import Settings
from gateway.telemetry.logs import configure_logs
from screening.contract import Priority
from screening.evaluation.label_table import LabelledStudy, read_label_table
from screening.evaluation.site_calibration import CalibrationRefused, calibrate_site, shipped_figures
from screening.evaluation.site_card import site_card
from screening.results.model_card import ModelCard

TABLE: Final = "labels.csv"
JOURNAL: Final = "scores.journal"
OUTPUT: Final = Path("calibration")


def calibrate(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder of the studies that the table names.", exists=True, file_okay=False)
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="CSV: study, label (0, 1), and optionally patient, date. FOLDER/labels.csv.")
    ] = None,
    stored: Annotated[bool, typer.Option("--stored", help="Stored scans with radiologists' feedback.")] = False,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of card, page and journal.")] = OUTPUT,
    point: Annotated[
        str | None, typer.Option(help="The operating point by default; the one in use if not given.")
    ] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Score again what failed before.")] = False,
    institution: InstitutionOption = None,
) -> None:
    """Calibrate the served networks on a site's own studies, and write a model card of the site.

    The studies are scored as served. A second run goes on where the first one ended. Figures after calibration are
    cross-validated by patient. Fewer than 30 patients of a class are refused. The networks stay the same, and nothing
    changes for patients until the card is put in force: with `turnstile switch`, or by an admin on the page.
    """
    if (folder is None) != stored:
        raise typer.BadParameter("give either a folder with a label table, or --stored", param_hint="FOLDER")
    if stored and labels is not None:
        raise typer.BadParameter("the labels of stored scans are the radiologists' feedback", param_hint="--labels")
    configure_logs("error")
    settings = Settings()
    by = command_line_admin(getpass.getuser(), institution or settings.institution)
    with exit_with_message():
        settings = settings.model_copy(update={"model_repository": served_repository(settings)})
        run = _Calibration(settings, by, card_in(settings.model_repository), output, point)
        studies = None if folder is None else read_label_table(labels or folder / TABLE, folder)
        output.mkdir(parents=True, exist_ok=True)
    run_and_exit(run.of_stored_scans() if studies is None else run.of_folder(studies, retry_failed=retry_failed))


@dataclass(frozen=True)
class _Calibration:
    """One calibration: `shipped` is the card of the served networks, as JSON."""

    settings: Settings
    by: Principal
    shipped: Mapping[str, Any]
    output: Path
    point: str | None

    @cached_property
    def card(self) -> ModelCard:
        return ModelCard.from_json(self.shipped)

    async def of_stored_scans(self) -> int:
        async with open_records(self.settings) as store:
            base = await self._base(store)
            return await self._fit(await StoredScans(store.database).collect(self.by, base), base, store)

    async def of_folder(self, studies: Sequence[LabelledStudy], *, retry_failed: bool) -> int:
        """Score what the journal does not have yet, and calibrate on all of it."""
        async with open_records(self.settings) as store:
            base = await self._base(store)
        with Journal(self.output / JOURNAL) as journal:
            items = list(remaining(studies, journal, base, retry_failed=retry_failed))
            if items:
                await self._score(items, len(studies), journal, base)
            collected = collect(studies, journal, base)
        async with open_records(self.settings) as store:
            return await self._fit(collected, base, store)

    async def _base(self, store: RecordStore) -> ModelCard:
        """The shipped card at the operating point in use."""
        base, site_version = await base_card(store.database, self.by.institution, self.card)
        if site_version is not None:
            errors.print(
                f"{site_version} is in force; `before` is {base.version} at {base.operating_point.name}",
                style="yellow",
                highlight=False,
                markup=False,
            )
        return base

    async def _score(self, items: Sequence[Path], total: int, journal: Journal, base: ModelCard) -> None:
        async with ready_services(self.settings) as services:
            print_warnings(services)
            screening = LocalScreening(services.pipeline.with_card(base).with_priority(Priority.MASS), services.scratch)
            with ProgressBar("scoring", total, total - len(items)) as bar:
                at_once = self.settings.decode_workers + 1
                await screen_all(screening, items, journal, at_once, lambda one: bar.done(failed=one.failed))

    async def _fit(self, collected: CollectedStudies, base: ModelCard, store: RecordStore) -> int:
        """Fit, write the card and its page, and keep the card with the records."""
        try:
            with errors.status("fitting and cross-validating"):
                found = calibrate_site(collected.studies, base, self.point)
        except CalibrationRefused:
            self._print_shipped(collected)
            raise
        made = site_card(self.shipped, found, collected.left_out_counts)
        version, page = made["version"], result_page(made["version"], collected, found, self.card)
        write_card(self.output, made, page)
        await SiteCards(store.database).add(self.by, made, self.shipped)
        console.print(Markdown(page))
        console.print(f"card and page: {self.output / version}.json, .md", highlight=False, markup=False)
        console.print(f"in force with: turnstile switch {version}; undone with: turnstile switch --back", style="green")
        return 0

    def _print_shipped(self, collected: CollectedStudies) -> None:
        """What is known without a card of the site: the figures of the shipped one."""
        console.print(Markdown(studies_page(collected)))
        if len(collected.studies):
            console.print(Markdown(shipped_page(shipped_figures(collected.studies, self.card), self.card)))


def write_card(folder: Path, card: Mapping[str, Any], page: str) -> None:
    """Write the card as JSON and the page beside it, both named by the card's version."""
    (folder / f"{card['version']}.json").write_text(json.dumps(card, indent=2) + "\n", "utf-8")
    (folder / f"{card['version']}.md").write_text(page, "utf-8")

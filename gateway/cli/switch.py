"""`turnstile switch`: activates other networks, or another model card for them, without a failed request."""

import getpass
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.auth.local_admin import command_line_admin
from gateway.cli.control_socket import request_switch
from gateway.cli.institution_option import InstitutionOption
from gateway.cli.messages import console, errors, exit_with_message, run_and_exit
from gateway.cli.records import open_records
from gateway.cli.running_instance import find_running
from gateway.cli.shipped_card import card_in, served_repository, site_card_in
from gateway.principal import Principal
from gateway.screening.network_switch import SwitchRefused
from gateway.screening.operating_point import OperatingPoints
from gateway.screening.site_cards import SiteCards
from gateway.settings.settings import Settings
from gateway.telemetry.logs import configure_logs
from screening.results.model_card import ModelCard


def switch(
    target: Annotated[
        str | None,
        typer.Argument(help="Folder of a model repository; or a model card: its version, or its file."),
    ] = None,
    back: Annotated[
        bool, typer.Option("--back", help="Put the model card in force that was before the last change.")
    ] = False,
    institution: InstitutionOption = None,
) -> None:
    """Load the networks of a model repository beside the active ones, and activate them.

    New studies use the new networks, with the thresholds of their model card; studies that are being analysed keep the
    old ones. If the new networks cannot be loaded, the old ones stay active. An operating point that an institution
    chose belongs to the old card: with the new card its default applies until an admin chooses again.

    With a model card of `turnstile calibrate` the networks stay, and every gateway and worker of the database uses the
    card for the institution's next study. The version of the shipped card puts that one in force again.
    """
    if (target is None) != back:
        raise typer.BadParameter("give a folder, a model card, or --back", param_hint="TARGET")
    configure_logs("error")
    if target is not None and Path(target).is_dir():
        run_and_exit(_switch_networks(Path(target).resolve()))
    settings = Settings()
    by = command_line_admin(getpass.getuser(), institution or settings.institution)
    with exit_with_message():
        made = site_card_in(Path(target)) if target is not None and Path(target).is_file() else None
    run_and_exit(_switch_card(settings, by, target, made))


async def _switch_networks(repository: Path) -> int:
    running = find_running()
    if running is None or running.control is None:
        raise SwitchRefused("no `turnstile up` of this user runs: start it first")
    await request_switch(
        Path(running.control), repository, lambda text: errors.print(text, style="dim", highlight=False)
    )
    console.print("switched", style="green")
    errors.print(
        f"To use them at the next start too, set TURNSTILE_MODEL_REPOSITORY={repository}", style="dim", highlight=False
    )
    return 0


async def _switch_card(settings: Settings, by: Principal, version: str | None, made: Mapping[str, Any] | None) -> int:
    """Put a card in force: the one `made` elsewhere, the one of this version, or without both the one before."""
    shipped_json = card_in(served_repository(settings))
    shipped = ModelCard.from_json(shipped_json)
    async with open_records(settings) as store:
        cards = SiteCards(store.database)
        if made is not None:
            await cards.add(by, made, shipped_json)
            version = made["version"]
        if version is None:
            chosen = await cards.take_back(by, shipped)
        else:
            chosen = await cards.choose(by, shipped, version, None, None)
        point = (await OperatingPoints(store.database).read(by.institution, chosen.card)).point
    console.print(
        f"{chosen.card.version} is in force for {by.institution}, at {point.name} {point.threshold:.4g}",
        style="green",
        highlight=False,
        markup=False,
    )
    if chosen.dropped_point is not None:
        errors.print(
            f"{chosen.dropped_point}, which an admin chose for the card before, no longer holds: if {point.name} is not"
            " wanted, choose a point of this card on the page",
            style="yellow",
            highlight=False,
            markup=False,
        )
    return 0

"""`turnstile switch`: activates other networks in a running `turnstile up`, without a failed request."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.command_context import console, errors, run_and_exit
from gateway.cli.control_socket import request_switch
from gateway.cli.running_instance import find_running
from gateway.screening.network_switch import SwitchRefused
from gateway.telemetry.logs import configure_logs


def switch(
    repository: Annotated[
        Path, typer.Argument(help="Folder of the new model repository.", exists=True, file_okay=False)
    ],
) -> None:
    """Load the networks of a model repository beside the active ones, and activate them.

    New studies use the new networks, with the thresholds of their model card; studies that are being analysed keep the
    old ones. If the new networks cannot be loaded, the old ones stay active. An operating point that an institution
    chose belongs to the old card: with the new card its default applies until an admin chooses again.
    """
    configure_logs("error")
    run_and_exit(_switch(repository.resolve()))


async def _switch(repository: Path) -> int:
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

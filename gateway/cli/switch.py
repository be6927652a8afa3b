"""`turnstile switch`: other networks for the `turnstile up` that runs, without a failed request."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.command_context import console, errors, run_to_exit
from gateway.cli.control_socket import ask
from gateway.cli.running_instance import found
from gateway.screening.network_switch import SwitchRefused
from gateway.telemetry.logs import configure_logs


def switch(
    repository: Annotated[
        Path, typer.Argument(help="Folder of the new model repository.", exists=True, file_okay=False)
    ],
) -> None:
    """Load the networks of a model repository beside those in force, and switch to them.

    New studies are answered by the new networks, with the thresholds of their card; what is in work ends on the old
    ones. If the new ones cannot be loaded, the old ones stay. An operating point that an institution chose belongs to
    the old card: it works at the new card's own until an admin chooses again.
    """
    configure_logs("error")
    run_to_exit(_switch(repository.resolve()))


async def _switch(repository: Path) -> int:
    note = found()
    if note is None or note.control is None:
        raise SwitchRefused("no `turnstile up` of this user runs")
    await ask(Path(note.control), repository, lambda words: errors.print(words, style="dim", highlight=False))
    console.print("switched", style="green")
    errors.print(
        f"The next start takes them too with TURNSTILE_MODEL_REPOSITORY={repository}", style="dim", highlight=False
    )
    return 0

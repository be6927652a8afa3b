"""All commands of `turnstile`, with their names. Nothing of a command is imported before it is called."""

import os
from importlib.metadata import version
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from gateway.cli.lazy_commands import LazyCommand, LazyGroup
from gateway.storage.owner_only import OWNER_ONLY

WITHOUT_PATIENTS: Final = frozenset({"export", "train", "bench", "openapi", "settings"})
FORWARD_ARGUMENTS: Final[dict[str, Any]] = {
    "context_settings": {"allow_extra_args": True, "ignore_unknown_options": True},
    "add_help_option": False,
}


class Commands(LazyGroup):
    """The commands in the order of the help."""

    lazy = (
        LazyCommand("up", "gateway.cli.up:up", "Start everything and serve."),
        LazyCommand(
            "worker",
            "gateway.cli.worker:worker",
            "Run the analyses of the gateway's queue, with the same PostgreSQL and the same file storage.",
        ),
        LazyCommand(
            "demo",
            "gateway.cli.demo:demo",
            "Screen two synthetic studies, a healthy one and one with a tumour, and show both reports.",
        ),
        LazyCommand(
            "screen", "gateway.cli.screen:screen", "Screen studies and print the reports, or write them to a file."
        ),
        LazyCommand(
            "enqueue",
            "gateway.cli.enqueue:enqueue",
            "Put studies into the durable queue; workers analyse them, and `turnstile results` shows the results.",
        ),
        LazyCommand(
            "results",
            "gateway.cli.results:results",
            "Show the progress of a run, and write the results so far: a row for each study, also for failed ones.",
        ),
        LazyCommand(
            "objects",
            "gateway.cli.objects:objects",
            "Write the newest result of a stored scan as DICOM: SR, SEG, heatmap and others, a file for each object.",
        ),
        LazyCommand(
            "calibrate",
            "gateway.cli.calibrate:calibrate",
            "Calibrate the served networks on a site's own studies, and write a model card of the site.",
        ),
        LazyCommand(
            "switch",
            "gateway.cli.switch:switch",
            "Load the networks of a model repository beside the active ones, and activate them.",
        ),
        LazyCommand(
            "doctor",
            "gateway.cli.doctor:doctor",
            "Check Python, engine, models, decoders, memory, disk and institutions; exit status 1 when a check fails.",
        ),
        LazyCommand(
            "migrate",
            "gateway.cli.migrate:migrate",
            "Migrate the database schema to this version; several at once wait for each other.",
        ),
        LazyCommand(
            "openapi",
            "gateway.cli.openapi:openapi",
            "Print the OpenAPI description of every call; nothing is started for it.",
        ),
        LazyCommand(
            "backup",
            "gateway.cli.backup:backup",
            "Back up the records and the files while the service runs; "
            "files that are already there are not copied again.",
        ),
        LazyCommand(
            "restore",
            "gateway.cli.backup:restore",
            "Restore a backup into an empty database. Stop the gateway and the workers first.",
        ),
        LazyCommand(
            "export",
            "gateway.cli.optional_commands:export",
            "Write the model repository from the networks (needs the extra `train`).",
            **FORWARD_ARGUMENTS,
        ),
        LazyCommand(
            "train",
            "gateway.cli.optional_commands:train",
            "Train, calibrate and evaluate the networks (needs the extra `train`).",
            **FORWARD_ARGUMENTS,
        ),
        LazyCommand(
            "bench",
            "gateway.cli.optional_commands:bench",
            "Measure the throughput of this machine and write the result as one page (needs the extra `bench`).",
            **FORWARD_ARGUMENTS,
        ),
        LazyCommand(
            "settings", "gateway.cli.settings:settings", "Print every setting with its default, as docs/settings.md."
        ),
        LazyCommand(
            "token",
            "gateway.cli.token:token",
            "API tokens: for programs, and for the page where there is no identity provider.",
        ),
        LazyCommand(
            "session",
            "gateway.cli.session:session",
            "Browser sessions: ends them before their time, for example when somebody has left.",
        ),
        LazyCommand("audit", "gateway.cli.audit:audit", "Who saw, made, changed, deleted and exported what."),
        LazyCommand(
            "pacs", "gateway.cli.pacs:pacs", "The hospital's network: studies from the PACS, and results back to it."
        ),
        LazyCommand(
            "institution",
            "gateway.cli.institution:institution",
            "The institutions with records, and a new name for one.",
        ),
    )


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,  # locals may hold patient data from a DICOM header
)


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    show_version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    """Screens chest CT: lets normal studies through and brings suspicious ones first. It is no medical device."""
    if context.invoked_subcommand not in WITHOUT_PATIENTS:
        os.umask(OWNER_ONLY)  # for every process that the command starts, too
    if show_version:
        Console().print(f"turnstile {version('turnstile')}", highlight=False)
        raise typer.Exit

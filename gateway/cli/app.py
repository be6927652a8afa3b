"""All commands of `turnstile`, with their names."""

import os
from importlib.metadata import version
from typing import Annotated, Final

import typer
from rich.console import Console

from gateway.cli.audit import audit
from gateway.cli.backup import backup, restore
from gateway.cli.calibrate import calibrate
from gateway.cli.demo import demo
from gateway.cli.doctor import doctor
from gateway.cli.enqueue import enqueue
from gateway.cli.institution import institution
from gateway.cli.migrate import migrate
from gateway.cli.objects import objects
from gateway.cli.openapi import openapi
from gateway.cli.optional_commands import bench, export, train
from gateway.cli.pacs import pacs
from gateway.cli.results import results
from gateway.cli.screen import screen
from gateway.cli.session import session
from gateway.cli.switch import switch
from gateway.cli.token import token
from gateway.cli.up import up
from gateway.cli.worker import worker
from gateway.settings.documentation import settings_page
from gateway.storage.private_folder import OWNER_ONLY

app = typer.Typer(
    help="Screens chest CT: lets normal studies through and brings suspicious ones first. It is no medical device.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,  # locals may hold patient data from a DICOM header
)
WITHOUT_PATIENTS: Final = frozenset({"export", "train", "bench", "openapi", "settings"})
FORWARD_ARGUMENTS = {"allow_extra_args": True, "ignore_unknown_options": True}

app.command()(up)
app.command()(worker)
app.command()(demo)
app.command()(screen)
app.command()(enqueue)
app.command()(results)
app.command()(objects)
app.command()(calibrate)
app.command()(switch)
app.command()(doctor)
app.command()(migrate)
app.command()(openapi)
app.command()(backup)
app.command()(restore)
app.add_typer(token, name="token", no_args_is_help=True)
app.add_typer(session, name="session", no_args_is_help=True)
app.add_typer(audit, name="audit", no_args_is_help=True)
app.add_typer(pacs, name="pacs", no_args_is_help=True)
app.add_typer(institution, name="institution", no_args_is_help=True)
app.command(context_settings=FORWARD_ARGUMENTS, add_help_option=False)(export)
app.command(context_settings=FORWARD_ARGUMENTS, add_help_option=False)(train)
app.command(context_settings=FORWARD_ARGUMENTS, add_help_option=False)(bench)


@app.command()
def settings() -> None:
    """Print every setting with its default, as docs/settings.md."""
    typer.echo(settings_page(), nl=False)


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

"""`turnstile pacs`: the hospital's network. One file a command, `gateway/cli/pacs_*.py`."""

import typer

from gateway.cli.pacs_archives import find, pull
from gateway.cli.pacs_listen import listen
from gateway.cli.pacs_rules import rules
from gateway.cli.pacs_screen import screen
from gateway.cli.pacs_send import destinations, send

pacs = typer.Typer(help="The hospital's network: studies from the PACS, and results back to it.")
pacs.command()(listen)
pacs.command()(find)
pacs.command()(pull)
pacs.command()(screen)
pacs.add_typer(rules, name="rules", no_args_is_help=True)
pacs.command()(send)
pacs.command()(destinations)

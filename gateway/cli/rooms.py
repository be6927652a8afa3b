"""`turnstile export` and `turnstile train`: the rooms that need torch, entered only when asked for."""

import runpy
import sys
from importlib.util import find_spec

import typer


def export(context: typer.Context) -> None:
    """Write the model repository from the networks (needs the extra `train`)."""
    _enter("export", context.args)


def train(context: typer.Context) -> None:
    """Train, calibrate and judge the networks (needs the extra `train`)."""
    _enter("training", context.args)


def _enter(room: str, arguments: list[str]) -> None:
    if find_spec("torch") is None:
        typer.echo(
            f"`{room}` needs torch, which serving does not. Install it with: pip install 'turnstile[train]'", err=True
        )
        raise typer.Exit(2)
    sys.argv = [f"turnstile {room}", *arguments]
    runpy.run_module(room, run_name="__main__", alter_sys=True)

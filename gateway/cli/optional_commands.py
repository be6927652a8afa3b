"""`turnstile export`, `train` and `bench`: rooms that need more than serving does, entered only when asked for."""

import runpy
import sys
from importlib.util import find_spec

import typer


def export(context: typer.Context) -> None:
    """Write the model repository from the networks (needs the extra `train`)."""
    _must_have("export", "train", "torch")
    _enter("export", "export", context.args)


def train(context: typer.Context) -> None:
    """Train, calibrate and judge the networks (needs the extra `train`)."""
    _must_have("train", "train", "torch")
    _enter("train", "training", context.args)


def bench(context: typer.Context) -> None:
    """Measure what this machine carries, and write one page about it (needs the extra `bench`)."""
    _must_have("bench", "bench", "locust", "matplotlib", "onnxruntime")
    _enter("bench", "benchmarks.bench", context.args)


def _must_have(command: str, extra: str, *packages: str) -> None:
    if missing := [package for package in packages if find_spec(package) is None]:
        words = f"`turnstile {command}` needs {', '.join(missing)}, which serving does not."
        typer.echo(f"{words} Install it with: pip install 'turnstile[{extra}]'", err=True)
        raise typer.Exit(2)


def _enter(command: str, room: str, arguments: list[str]) -> None:
    sys.argv = [f"turnstile {command}", *arguments]
    runpy.run_module(room, run_name="__main__", alter_sys=True)

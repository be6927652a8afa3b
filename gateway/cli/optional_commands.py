"""`turnstile export`, `train` and `bench`: packages with dependencies of their own, imported only when called."""

import runpy
import sys
from importlib.util import find_spec

import typer


def export(context: typer.Context) -> None:
    """Write the model repository from the networks (needs the extra `train`)."""
    _require_packages("export", "train", "torch")
    _run_package("export", "export", context.args)


def train(context: typer.Context) -> None:
    """Train, calibrate and evaluate the networks (needs the extra `train`)."""
    _require_packages("train", "train", "torch")
    _run_package("train", "training", context.args)


def bench(context: typer.Context) -> None:
    """Measure the throughput of this machine and write the result as one page (needs the extra `bench`)."""
    _require_packages("bench", "bench", "locust", "matplotlib", "onnxruntime")
    _run_package("bench", "benchmarks.bench", context.args)


def _require_packages(command: str, extra: str, *packages: str) -> None:
    if missing := [package for package in packages if find_spec(package) is None]:
        reason = f"`turnstile {command}` needs {', '.join(missing)}."
        typer.echo(f"{reason} Install it with: pip install 'turnstile[{extra}]'", err=True)
        raise typer.Exit(2)


def _run_package(command: str, package: str, arguments: list[str]) -> None:
    sys.argv = [f"turnstile {command}", *arguments]
    runpy.run_module(package, run_name="__main__", alter_sys=True)

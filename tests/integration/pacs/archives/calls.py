"""Calls of `turnstile pacs`."""

from typer.testing import CliRunner

from gateway.cli.app import app


def call(*arguments: str) -> tuple[int, str, str]:
    """The exit status, the output and the error output of `turnstile pacs`."""
    result = CliRunner().invoke(app, ["pacs", *arguments])
    return result.exit_code, result.stdout, result.stderr

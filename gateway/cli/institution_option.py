"""The option `--institution` of the commands: another institution than that of the settings."""

from typing import Annotated

import typer

from gateway.text_rule import why_refused


def _checked(name: str | None) -> str | None:
    if name is not None and (reason := why_refused(name)):
        raise typer.BadParameter(f"the name {reason}")
    return name


InstitutionOption = Annotated[
    str | None, typer.Option("--institution", callback=_checked, help="TURNSTILE_INSTITUTION by default.")
]

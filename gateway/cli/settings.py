"""`turnstile settings`: every setting, as docs/settings.md shows them."""

import typer

from gateway.settings.documentation import settings_page


def settings() -> None:
    """Print every setting with its default, as docs/settings.md."""
    typer.echo(settings_page(), nl=False)

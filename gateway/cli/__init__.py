"""The command line `turnstile`, one command a file.

The commands are imported when they are asked for: a decode worker imports the main module of its parent, and must
find little there.
"""


def main() -> None:
    """Entry point of the console script."""
    from gateway.cli.app import app

    app()

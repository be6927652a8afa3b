"""The command line `turnstile`, one command a file.

The commands are imported only inside `main`: a decode worker imports the main module of its parent, and should load
little.
"""


def main() -> None:
    """Entry point of the console script."""
    from gateway.cli.app import app

    app()

"""`python -m export`, which is also `turnstile export`."""

from export.cli import app

if __name__ == "__main__":
    app()

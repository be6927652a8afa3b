"""Generates docs/settings.md from the settings."""

from pathlib import Path
from typing import Any

from gateway.settings.settings import GIB, MIB, ROOT, Settings

HEAD = (
    "# Settings",
    "",
    "Each setting is an environment variable. `turnstile settings` prints this page; a test fails when it is stale.",
    "",
    "| variable | default | meaning |",
    "|---|---|---|",
)


def settings_page() -> str:
    """docs/settings.md: one row for each setting, in the order of the class."""
    rows = [
        f"| `TURNSTILE_{name.upper()}` | {_default(field.default)} | {_one_line(field.description)} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join([*HEAD, *rows, ""])


def _one_line(description: str | None) -> str:
    return " ".join((description or "").split())


def _default(value: Any) -> str:
    """The default as text: paths relative to the repository root, multiples of GiB and MiB with their unit."""
    if value is None or value in ((), {}):
        return "none"
    if isinstance(value, tuple):
        return f"`{','.join(value)}`"
    if isinstance(value, Path):
        return f"`{value.relative_to(ROOT)}`"
    if isinstance(value, int):
        for unit, name in ((GIB, "GiB"), (MIB, "MiB")):
            if value >= unit and value % unit == 0:
                return f"{value // unit} {name} ({value})"
    return f"`{value}`"

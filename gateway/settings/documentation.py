"""docs/settings.md, written from the settings themselves."""

from pathlib import Path
from typing import Any

from gateway.settings.settings import GIB, MIB, ROOT, Settings

HEAD = (
    "# Settings",
    "",
    "Each is an environment variable. `turnstile settings` writes this page; a test fails when it is stale.",
    "",
    "| variable | default | what |",
    "|---|---|---|",
)


def settings_page() -> str:
    """One row for each setting, in the order of the class."""
    rows = [
        f"| `TURNSTILE_{name.upper()}` | {_default(field.default)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join([*HEAD, *rows, ""])


def _default(value: Any) -> str:
    """A default as a person reads it: paths from the root of the code, large powers of two as GiB and MiB."""
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

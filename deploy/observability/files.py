"""Writes the rules and the dashboard into the chart, since helm reads no file outside of it."""

import json
from pathlib import Path
from typing import Final

import yaml

from deploy.observability.alerts import alert_group
from deploy.observability.dashboard import dashboard
from deploy.observability.objectives import OBJECTIVES, objective_groups

FOLDER: Final = Path(__file__).resolve().parents[2] / "helm" / "turnstile" / "files"
HEAD: Final = "# Written by `python -m deploy.observability`; change it there.\n"


def contents() -> dict[str, str]:
    """The text of each file by its name."""
    rules = {"groups": [*objective_groups(OBJECTIVES), alert_group()]}
    return {
        "rules.yml": HEAD + yaml.safe_dump(rules, sort_keys=False, width=120),
        "dashboard.json": json.dumps(dashboard(), indent=1) + "\n",
    }


def write() -> None:
    """Write every file."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in contents().items():
        (FOLDER / name).write_text(text, "utf-8")

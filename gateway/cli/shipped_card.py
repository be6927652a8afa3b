"""The model card of the networks that are served: those of a running `turnstile up`, else those of the settings."""

import json
from pathlib import Path
from typing import Any

from gateway.cli.running_instance import find_running
from gateway.screening.model_repository import CARD
from gateway.settings.settings import Settings
from screening.results.model_card import InvalidModelCard, ModelCard


def served_repository(settings: Settings) -> Path:
    """That of a running `turnstile up`; that of the settings, where they name a database."""
    running = find_running() if settings.database_url is None else None  # as `with_running_database`
    return Path(running.networks) / "models" if running and running.networks else settings.model_repository


def card_in(repository: Path) -> dict[str, Any]:
    """The card of a model repository as JSON; raises InvalidModelCard."""
    ModelCard.load(repository / CARD)
    card: dict[str, Any] = json.loads((repository / CARD).read_text("utf-8"))
    return card


def site_card_in(file: Path) -> dict[str, Any]:
    """A card that `turnstile calibrate` wrote; raises InvalidModelCard."""
    ModelCard.load(file)
    card: dict[str, Any] = json.loads(file.read_text("utf-8"))
    if "site" not in card:
        raise InvalidModelCard(f"{file.name} is no card of `turnstile calibrate`")
    return card

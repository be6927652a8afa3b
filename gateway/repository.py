"""The model repository's card, believed only when every file that it names is there, unchanged."""

import hashlib
from pathlib import Path

from screening.model_card import InvalidModelCard, ModelCard

CARD = "model_card.json"


def verified_card(repository: Path) -> ModelCard:
    """The card of the repository; raises InvalidModelCard when a file is missing or is not the one it was made with."""
    card = ModelCard.load(repository / CARD)
    wrong = [name for name, sha256 in card.file_hashes.items() if _sha256(repository / name) != sha256]
    if wrong:
        raise InvalidModelCard(f"{CARD} does not vouch for: {', '.join(sorted(wrong))}. Export the repository again.")
    return card


def _sha256(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""The model repository's card, believed only when every file that it names is there, unchanged."""

import hashlib
import shutil
from pathlib import Path, PurePosixPath

from screening.model_card import InvalidModelCard, ModelCard

CARD = "model_card.json"


def verified_card(repository: Path) -> ModelCard:
    """The card of the repository; raises InvalidModelCard when a file is missing or is not the one it was made with."""
    card = ModelCard.load(repository / CARD)
    wrong = [name for name, sha256 in card.file_hashes.items() if _sha256(repository / name) != sha256]
    if wrong:
        raise InvalidModelCard(f"{CARD} does not vouch for: {', '.join(sorted(wrong))}. Export the repository again.")
    return card


def verified_copy(repository: Path, folder: Path) -> ModelCard:
    """Copy the card and what it vouches for into `folder`; the card, verified there. Raises InvalidModelCard, OSError.

    Nothing else is copied: a version 2 that somebody puts beside version 1 would be served, and no hash covers it.
    """
    for name in (CARD, *ModelCard.load(repository / CARD).file_hashes):
        source, target = repository / name, folder / _inside(name)
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    card = verified_card(folder)
    (folder / card.contract.ensemble.model / str(card.ensemble_version)).mkdir()  # a version without a file
    return card


def _inside(name: str) -> PurePosixPath:
    """The name, if it stays inside the folder that it is put into."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise InvalidModelCard(f"{CARD} names a file outside its repository: {name}")
    return path


def _sha256(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""The model repository's card, believed only when every file that it names is there, unchanged."""

import hashlib
import shutil
from pathlib import Path, PurePosixPath

from screening.model_card import InvalidModelCard, ModelCard

CARD = "model_card.json"
CONFIG = "config.pbtxt"


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
    names = ModelCard.load(repository / CARD).file_hashes
    for name in (CARD, *names):
        source, target = repository / name, folder / _inside(name)
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        if target.name == CONFIG:
            (target.parent / "1").mkdir(exist_ok=True)  # Triton wants a version of the ensemble too, and it has no file
    return verified_card(folder)


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

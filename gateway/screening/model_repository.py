"""The model card of a model repository, accepted only when every file that it lists is unchanged."""

import hashlib
import shutil
from pathlib import Path, PurePosixPath

from screening.results.model_card import InvalidModelCard, ModelCard

CARD = "model_card.json"


def verified_card(repository: Path) -> ModelCard:
    """The card of the repository; raises InvalidModelCard when a listed file is missing or has another hash."""
    card = ModelCard.load(repository / CARD)
    wrong = [name for name, sha256 in card.file_hashes.items() if _sha256(repository / name) != sha256]
    if wrong:
        raise InvalidModelCard(
            f"files that do not match {CARD}: {', '.join(sorted(wrong))}. Export the repository again."
        )
    return card


def verified_copy(repository: Path, folder: Path) -> ModelCard:
    """Copy the card and the files that it lists into `folder`, and verify them there.

    Nothing else is copied: a version 2 beside version 1 would be served, and no hash covers it. Raises
    InvalidModelCard, OSError.
    """
    for name in (CARD, *ModelCard.load(repository / CARD).file_hashes):
        source, target = repository / name, folder / _inside(name)
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    card = verified_card(folder)
    for ensemble in card.contract.ensembles:
        (folder / ensemble.model / str(card.ensemble_version)).mkdir()  # a version without a file
    return card


def _inside(name: str) -> PurePosixPath:
    """The name as a relative path; raises InvalidModelCard when it leaves the folder."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise InvalidModelCard(f"{CARD} names a file outside its repository: {name}")
    return path


def _sha256(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

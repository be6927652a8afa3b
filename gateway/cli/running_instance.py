"""The note that a running `turnstile up` leaves, so that other commands of the same user can use its engines."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import psutil

from engines.data_directories import default_home
from gateway.composition.postgres import data_folder
from gateway.composition.record_store import RecordStore
from gateway.composition.services import Services
from gateway.screening.model_repository import CARD


@dataclass(frozen=True)
class Running:
    """Where it and its engines answer, with their secrets, whose process it is, and which model card it serves.

    `networks` is the folder that keeps its Triton's networks alive (`engines.repository_snapshot`), None where Triton is elsewhere;
    `control` is the socket that `turnstile switch` speaks to, where one listens; `blob_url` is where its blobs lie.
    """

    url: str
    triton_url: str
    triton_secret: str | None
    database_url: str
    blob_url: str
    pid: int
    started_s: float
    card_sha256: str
    networks: str | None
    control: str | None

    @classmethod
    def here(cls, url: str, services: Services, store: RecordStore, control: Path | None = None) -> Self:
        """The note of this process."""
        secret, served = services.triton_secret, services.networks.current
        return cls(
            url=url,
            triton_url=served.triton_url,
            triton_secret=secret.get_secret_value() if secret else None,
            database_url=store.database_url.get_secret_value(),
            blob_url=services.settings.blob_url or str(data_folder(services.settings).absolute() / "blobs"),
            pid=os.getpid(),
            started_s=psutil.Process().create_time(),
            card_sha256=served.card_sha256,
            networks=str(served.holding.folder) if served.holding else None,
            control=str(control) if control else None,
        )

    def leave(self) -> None:
        """Write the note, readable by this user alone; the last one that came up wins."""
        note = _note()
        note.parent.mkdir(parents=True, exist_ok=True)
        draft = note.with_suffix(f".{self.pid}")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(asdict(self)))
        draft.replace(note)


def take_away() -> None:
    """Remove the note, if it is still this process's."""
    note = found()
    if note is not None and note.pid == os.getpid():
        _note().unlink(missing_ok=True)


def found() -> Running | None:
    """The `turnstile up` that runs now; None when there is no note, or its process is gone or another's."""
    try:
        note = Running(**json.loads(_note().read_text()))
        alive = psutil.Process(note.pid).create_time() == note.started_s
    except (OSError, ValueError, TypeError, psutil.Error):
        return None
    return note if alive else None


def found_for(repository: Path) -> Running | None:
    """The `turnstile up` that runs now and serves the very same model card."""
    note = found()
    return note if note and note.card_sha256 == card_sha256(repository) else None


def card_sha256(repository: Path) -> str:
    """Names the card; its own hashes name the networks."""
    return hashlib.sha256((repository / CARD).read_bytes()).hexdigest()


def _note() -> Path:
    return default_home() / "running.json"

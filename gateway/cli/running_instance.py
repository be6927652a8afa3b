"""The file that a running `turnstile up` writes, so that other commands of the same user can use its engines."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psutil

from engines.data_directories import default_home
from gateway.composition.postgres import data_folder
from gateway.screening.model_repository import CARD

if TYPE_CHECKING:  # commands of the records alone do not load the networks' services
    from gateway.composition.record_store import RecordStore
    from gateway.composition.services import Services


@dataclass(frozen=True)
class RunningInstance:
    """Addresses and secrets of a running `turnstile up` and its engines, its process, and its model card.

    `networks` is the folder of its repository snapshot (`engines.repository_snapshot`), None with an external Triton;
    `control` is the socket of `turnstile switch`, None without one; `blob_url` is the folder or URL of the blobs.
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
    def of_this_process(cls, url: str, services: "Services", store: "RecordStore", control: Path | None = None) -> Self:
        """What other commands need to know of this process."""
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
            networks=str(served.snapshot.folder) if served.snapshot else None,
            control=str(control) if control else None,
        )

    def write(self) -> None:
        """Write the file, readable by this user alone. It replaces that of an `up` that was started earlier."""
        file = _instance_file()
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(f".{self.pid}")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(asdict(self)))
        draft.replace(file)


def remove_own_file() -> None:
    """Delete the file if this process wrote it."""
    running = find_running()
    if running is not None and running.pid == os.getpid():
        _instance_file().unlink(missing_ok=True)


def find_running() -> RunningInstance | None:
    """The `turnstile up` that runs now; None without a file, or when its process has ended."""
    try:
        running = RunningInstance(**json.loads(_instance_file().read_text()))
        alive = psutil.Process(running.pid).create_time() == running.started_s
    except (OSError, ValueError, TypeError, psutil.Error):
        return None
    return running if alive else None


def find_running_with_card(repository: Path) -> RunningInstance | None:
    """The `turnstile up` that runs now with the model card of `repository`, else None."""
    running = find_running()
    return running if running and running.card_sha256 == card_sha256(repository) else None


def card_sha256(repository: Path) -> str:
    """Identifies the card, and with it the networks, whose hashes it holds."""
    return hashlib.sha256((repository / CARD).read_bytes()).hexdigest()


def _instance_file() -> Path:
    return default_home() / "running.json"

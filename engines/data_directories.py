"""The folders for what the engines build, log and store, and the creation of a folder: complete or not at all."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

from filelock import FileLock


def default_home() -> Path:
    """`TURNSTILE_HOME`, else `turnstile` in the user's cache folder (XDG Base Directory Specification)."""
    if chosen := os.environ.get("TURNSTILE_HOME"):
        return Path(chosen).expanduser().resolve()
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "turnstile"


def default_data() -> Path:
    """`data` in `TURNSTILE_HOME`, else `turnstile` in the user's data folder, as a cache may be emptied at any time."""
    if os.environ.get("TURNSTILE_HOME"):
        return default_home() / "data"
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "turnstile"


def build_if_missing(folder: Path, build: Callable[[Path], None]) -> Path:
    """Return `folder`; build it first when it is missing. Two processes that call this at once build it once.

    `build` fills an empty draft folder, which is renamed only when it is complete. A build that fails or is killed
    leaves nothing that a later start could mistake for a complete folder.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f"{folder.name}.lock")):
        if not folder.exists():
            draft = Path(mkdtemp(prefix=f"{folder.name}.draft-", dir=folder.parent))
            try:
                build(draft)
                draft.rename(folder)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
    return folder

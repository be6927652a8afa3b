"""Where the engines keep what they build, log and store, and how a folder is made once, whole or not at all."""

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
    """`data` in `TURNSTILE_HOME`, else `turnstile` in the user's data folder: a cache may be emptied, this may not."""
    if os.environ.get("TURNSTILE_HOME"):
        return default_home() / "data"
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "turnstile"


def built_once(folder: Path, build: Callable[[Path], None]) -> Path:
    """Return `folder`, built beforehand where it is missing; two processes that ask at once build it once.

    `build` fills an empty folder beside it, which is renamed only when it is complete, so a build that fails or is
    killed leaves nothing that a later start could mistake for an environment.
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

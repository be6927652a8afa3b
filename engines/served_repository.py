"""The path of the model repository that Triton is given."""

import hashlib
import shlex
from pathlib import Path

from engines.errors import RepositoryInvalid


def served_repository(repository: Path, home: Path) -> Path:
    """Return the path to give to Triton; raises RepositoryInvalid where there is no model.

    Triton 2.51 starts each Python stub through `bash -c` with unquoted paths: a path with a space makes it hang for
    ever. Such a repository is served through a link under `home`.
    """
    if not any(repository.glob("*/config.pbtxt")):
        raise RepositoryInvalid(f"{repository} holds no model: no folder in it has a config.pbtxt")
    target = repository.resolve()
    return target if is_shell_safe(target) else _link(target, home / "repositories")


def is_shell_safe(path: Path) -> bool:
    """Whether a shell reads the path unchanged without quotes."""
    return shlex.quote(str(path)) == str(path)


def _link(target: Path, folder: Path) -> Path:
    link = folder / hashlib.sha256(str(target).encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(target)
    return link

"""The folder from which Triton loads its backends: the wheel's Python backend, and our onnxruntime backend."""

import hashlib
import shutil
from pathlib import Path

from engines.data_directories import build_if_missing
from engines.errors import EnvironmentNotBuilt
from engines.python_environment import Environment
from engines.served_repository import is_shell_safe

BACKENDS = Path(__file__).with_name("backends")


def backend_directory(environment: Environment, home: Path) -> Path:
    """Create `python/` and `onnxruntime/` in a folder under `home`, when missing, and return that folder.

    Triton treats a backend without a library as a Python-based one: its model.py runs in the stub of `python/`. The
    files are copied: the server refuses links that leave the folder, and the wheel has the stub in another folder.
    """
    if not is_shell_safe(home):
        raise EnvironmentNotBuilt(f"Triton cannot run from {home}: set TURNSTILE_HOME to a folder without spaces")
    sources = _sources(environment)
    return build_if_missing(home / f"backends-{_content_hash(sources)}", lambda folder: _copy(sources, folder))


def _sources(environment: Environment) -> dict[str, Path]:
    python = environment.triton / "backends" / "python"
    stub = "triton_python_backend_stub"
    from_wheel = {
        "python/libtriton_python.so": python / "libtriton_python.so",
        "python/triton_python_backend_utils.py": python / "triton_python_backend_utils.py",
        f"python/{stub}": environment.triton / "python_backend_stubs" / environment.version / stub,
    }
    return from_wheel | {str(path.relative_to(BACKENDS)): path for path in sorted(BACKENDS.rglob("*.py"))}


def _content_hash(sources: dict[str, Path]) -> str:
    digest = hashlib.sha256()
    for name, path in sources.items():
        digest.update(name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _copy(sources: dict[str, Path], folder: Path) -> None:
    for name, path in sources.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / name)

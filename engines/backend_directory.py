"""The folder that Triton takes its backends from: the wheel's Python backend, and our onnxruntime on top of it."""

import hashlib
import shutil
from pathlib import Path

from engines.data_directories import built_once
from engines.errors import EnvironmentNotBuilt
from engines.python_environment import Environment
from engines.served_repository import is_plain

OURS = Path(__file__).with_name("backends")


def backend_directory(environment: Environment, home: Path) -> Path:
    """Lay out `python/` and `onnxruntime/` under `home` and return their parent, built when missing.

    Triton takes a backend without a library as a Python-based one: its model.py runs in the stub of `python/`. The
    files are copied, for the server refuses links that leave the folder, and the wheel keeps the stub elsewhere.
    """
    if not is_plain(home):
        raise EnvironmentNotBuilt(f"Triton cannot run from {home}: set TURNSTILE_HOME to a folder without spaces")
    sources = _sources(environment)
    return built_once(home / f"backends-{_stamp(sources)}", lambda folder: _copy(sources, folder))


def _sources(environment: Environment) -> dict[str, Path]:
    python = environment.triton / "backends" / "python"
    stub = "triton_python_backend_stub"
    theirs = {
        "python/libtriton_python.so": python / "libtriton_python.so",
        "python/triton_python_backend_utils.py": python / "triton_python_backend_utils.py",
        f"python/{stub}": environment.triton / "python_backend_stubs" / environment.version / stub,
    }
    return theirs | {str(path.relative_to(OURS)): path for path in sorted(OURS.rglob("*.py"))}


def _stamp(sources: dict[str, Path]) -> str:
    digest = hashlib.sha256()
    for name, path in sources.items():
        digest.update(name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _copy(sources: dict[str, Path], folder: Path) -> None:
    for name, path in sources.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / name)

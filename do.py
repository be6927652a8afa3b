"""The two commands of a new checkout: `python3 do.py up` and `python3 do.py test`.

Needs only Python 3.11 or 3.12 and a package index: Node, which builds the page, comes as a wheel. `up` installs what
serving needs (no torch), builds the page, starts PostgreSQL, Triton and the gateway, and screens two synthetic studies.
`test` installs all other dependencies too, and runs every check.
Each command has its own virtual environment beside this file.
"""

import ctypes
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent
CONSTRAINTS = ROOT / "constraints.txt"
PAGE = ROOT / "web" / "build.py"
POLICY = Path("/usr/sbin/policy-rc.d")  # asked by Debian's packages before they start a server
TESTED_WITH = {  # program: package
    "chromium": "chromium",
    "dciodvfy": "dicom3tools",
    "docker-compose": "docker-compose",
    "Orthanc": "orthanc-dicomweb",
    "promtool": "prometheus",
    "storescu": "dcmtk",
}


def up(arguments: Sequence[str]) -> None:
    """Install serving, start everything, screen two synthetic studies, serve until Ctrl-C."""
    python = environment(".venv", ".[web]")
    run([python, PAGE])
    os.execv(python, [python, "-m", "gateway.cli", "up", "--demo", *arguments])  # noqa: S606 - Ctrl-C is its to handle


def test(arguments: Sequence[str]) -> None:
    """Run the linters, the type checker, the import rules and every test; arguments go to pytest."""
    python = _test_environment()
    tools = Path(python).parent
    checks: tuple[Sequence[str | Path], ...] = (
        [tools / "ruff", "format", "--check", "."],
        [tools / "ruff", "check", "."],
        [tools / "mypy"],
        [tools / "lint-imports"],
        [python, PAGE],
        [python, PAGE, "npm", "run", "--loglevel=error", "check"],
        [python, "-m", "pytest", "-n", "2", *arguments],  # the distribution over two processes: tests/conftest.py
    )
    for check in checks:
        run(check)


def chaos(arguments: Sequence[str]) -> None:
    """Let things go wrong for half an hour while people work (tests/integration/chaos); arguments go to pytest."""
    python = _test_environment()
    folder = "tests/integration/chaos"
    run([python, "-m", "pytest", "-n", "0", "-s", "--heavy", "--chaos-minutes", "30", *arguments, folder])


def containers(arguments: Sequence[str]) -> None:
    """Build the images, run the compose stack, screen, kill, restart, remove it (deploy/containers)."""
    run([_test_environment(), "-m", "deploy.containers", *arguments])


def _test_environment() -> str:
    """The interpreter of the tests, with the programs that they start."""
    python = environment(".venv-test", ".[train,dev,web]")
    install([package for program, package in TESTED_WITH.items() if not shutil.which(program)])
    os.environ.setdefault("TURNSTILE_HOME", str(ROOT / ".cache" / "turnstile"))  # tests build their own environment
    return python


COMMANDS: dict[str, Callable[[Sequence[str]], None]] = {
    "up": up,
    "test": test,
    "chaos": chaos,
    "containers": containers,
}


def main() -> None:
    """Choose the command by its name."""
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit("usage: python3 do.py up|test|chaos|containers [arguments]")
    if not (3, 11) <= sys.version_info[:2] <= (3, 12):
        sys.exit(f"Turnstile needs Python 3.11 or 3.12; this is {sys.version.split()[0]}. Run it with python3.11.")
    os.chdir(ROOT)
    COMMANDS[sys.argv[1]](sys.argv[2:])


def environment(name: str, package: str) -> str:
    """The interpreter of a virtual environment with the package, reinstalled when its dependencies change."""
    folder = ROOT / name
    python = str(folder / "bin" / "python")
    fingerprint = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + CONSTRAINTS.read_bytes()).hexdigest()
    stamp = folder / "made_of"
    if stamp.is_file() and stamp.read_text() == fingerprint:
        return python
    print(f"installing {package} into {name} (once)", flush=True)
    ensure_python_is_complete()
    venv.create(folder, with_pip=True, clear=True)
    run(
        [
            python,
            "-m",
            "pip",
            "install",
            "-qq",
            "--disable-pip-version-check",
            "--constraint",
            CONSTRAINTS,
            "--editable",
            package,
        ]
    )
    stamp.write_text(fingerprint)
    return python


def ensure_python_is_complete() -> None:
    """On Debian, pip for venv and the libpython that Triton needs are separate packages; install what is missing."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    missing = [] if importlib.util.find_spec("ensurepip") else [f"python{version}-venv"]
    try:
        ctypes.CDLL(f"libpython{version}.so.1.0")
    except OSError:
        folders = (Path(sys.base_prefix, "lib"), Path(sysconfig.get_config_var("LIBDIR") or ""))
        if not any((folder / f"libpython{version}.so.1.0").exists() for folder in folders):
            missing.append(f"libpython{version}")
    if not install(missing):
        sys.exit(
            f"this Python is incomplete; install these and run again (Debian: apt-get install {' '.join(missing)})"
        )


def install(packages: Sequence[str]) -> bool:
    """Install Debian packages if this is possible; tests without their program are skipped with a reason."""
    if not packages:
        return True
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    print(f"installing {', '.join(packages)} (once)", flush=True)
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    run(["apt-get", "update", "-qq"])
    with no_services():
        run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages])
    return True


@contextmanager
def no_services() -> Iterator[None]:
    """Let no package start its server (Orthanc, Prometheus): the tests start their own, on ports of their own."""
    if POLICY.exists():  # the machine has a policy already
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")  # 101: action forbidden by policy
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)


def run(command: Sequence[str | Path]) -> None:
    """Run one command; exit with its status if it fails."""
    status = subprocess.run([str(part) for part in command], check=False).returncode
    if status:
        sys.exit(status)


if __name__ == "__main__":
    main()

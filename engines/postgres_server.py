"""PostgreSQL as a child process: started, watched, started again when it dies, and gone when its owner is.

    async with PostgresServer(folder) as server:
        ... server.url ...

Whoever dies how, what was committed is kept: nothing of PostgreSQL's own care for the disk is switched off.
"""

import asyncio
import signal
from pathlib import Path

from filelock import FileLock

from engines.data_directories import default_home
from engines.errors import EngineError
from engines.guarded_process import LeashedProcess
from engines.postgres_cluster import ROLE, Cluster, binary, environ, lock, unprivileged
from engines.restart_policy import RestartPolicy
from engines.supervised_server import SupervisedServer
from engines.triton_command import HOST, free_port

READY_TIMEOUT_S = 60.0  # after a kill it reads its log first: some seconds for the largest that it keeps
STATUS_LINE = 7  # of postmaster.pid: "starting", "ready", "stopping"; pg_ctl waits for it in the same way

# A database is worth trying again: every ten seconds, for as long as its owner lives.
POLICY = RestartPolicy(first_delay_s=0.1, longest_delay_s=10.0, deaths=1000)


class PostgresServer(SupervisedServer):
    """A PostgreSQL of our own in `folder`, which only one server at a time may hold.

    It listens on 127.0.0.1 alone, on a free port that is chosen once, and lets in who knows the password of the one
    role. Run by root, it works as `nobody`.
    """

    product = "PostgreSQL"

    def __init__(
        self,
        folder: Path,
        home: Path | None = None,
        ready_timeout_s: float = READY_TIMEOUT_S,
        restart_policy: RestartPolicy = POLICY,
    ) -> None:
        super().__init__(home or default_home(), ready_timeout_s, restart_policy)
        self._folder = folder.absolute()
        self._port = free_port()
        self._lock: FileLock | None = None
        self._cluster: Cluster | None = None

    @property
    def url(self) -> str:
        """Where clients find it, with the password: a secret. Known once the server was started."""
        if self._cluster is None:
            raise EngineError("the database was never started")
        return f"postgresql://{ROLE}:{self._cluster.password}@{HOST}:{self._port}/{ROLE}"

    async def stop(self) -> None:
        """Stop the server, whatever its clients do, and leave the folder to others."""
        await super().stop()
        if self._lock:
            self._lock.release()
            self._lock = None

    async def _launch(self) -> LeashedProcess:
        command = await asyncio.to_thread(self._prepare)
        # SIGINT is PostgreSQL's fast shutdown: clients are cut off, everything is written, nothing is to be recovered.
        return await LeashedProcess.start(command, environ(), self.log_path, f"turnstile-{self._name}-", signal.SIGINT)

    def _prepare(self) -> list[str]:
        self._lock = self._lock or lock(self._folder)
        self._cluster = Cluster.at(self._folder)
        self._cluster.wait_until_left()
        self._make_room_for_log()
        settings = {
            "listen_addresses": HOST,
            "port": self._port,
            "unix_socket_directories": "",
            "max_parallel_workers_per_gather": 0,  # the cores are for the networks, and a query takes some ms
            "timezone": "UTC",
            "log_timezone": "UTC",
            # What the server logs names no patient: neither a failed statement nor the row that broke a constraint.
            "log_error_verbosity": "terse",
            "log_min_error_statement": "panic",
        }
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return unprivileged([str(binary("postgres")), "-D", str(self._cluster.data), *flags])

    async def _answers(self) -> bool:
        if self._cluster is None or self._process is None:
            return False
        try:
            lines = (self._cluster.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:  # not there yet
            return False
        return len(lines) > STATUS_LINE and (lines[0], lines[STATUS_LINE].strip()) == (str(self._process.pid), "ready")

"""PostgreSQL as a child process: started, supervised, restarted when it ends, and stopped when its owner ends.

    async with PostgresServer(folder) as server:
        ... server.url ...

Committed data survive the kill of any process: fsync and PostgreSQL's other durability settings keep their defaults.
"""

import asyncio
import signal
from pathlib import Path

from filelock import FileLock

from engines.data_directories import default_home
from engines.errors import EngineError
from engines.guarded_process import GuardedProcess
from engines.postgres_cluster import ROLE, Cluster, as_unprivileged_user, binary, lock_data_folder, server_environ
from engines.restart_policy import RestartPolicy
from engines.supervised_server import SupervisedServer
from engines.triton_command import HOST, free_port

READY_TIMEOUT_S = 60.0  # after a kill it replays its write-ahead log first: some seconds for the largest one
STATUS_LINE = 7  # of postmaster.pid: "starting", "ready", "stopping"; pg_ctl waits for it in the same way

# A database is restarted every ten seconds for as long as its owner runs: nothing works without it.
POLICY = RestartPolicy(initial_delay_s=0.1, max_delay_s=10.0, max_exits=1000)


class PostgresServer(SupervisedServer):
    """A PostgreSQL in `folder`, which only one server at a time may use.

    It listens on 127.0.0.1 alone, on a free port that is chosen once, and accepts the password of its one role.
    Started by root, it runs as `nobody`.
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
        """The URL for clients, with the password: a secret. Raises EngineError before the first start."""
        if self._cluster is None:
            raise EngineError("the database was never started: call start() first")
        return f"postgresql://{ROLE}:{self._cluster.password}@{HOST}:{self._port}/{ROLE}"

    async def stop(self) -> None:
        """Stop the server, also with clients connected, and release the folder."""
        await super().stop()
        if self._lock:
            self._lock.release()
            self._lock = None

    async def _launch(self) -> GuardedProcess:
        command = await asyncio.to_thread(self._prepare)
        # SIGINT is PostgreSQL's fast shutdown: it disconnects the clients and writes a checkpoint.
        return await GuardedProcess.start(
            command, server_environ(), self.log_path, f"turnstile-{self._name}-", signal.SIGINT
        )

    def _prepare(self) -> list[str]:
        self._lock = self._lock or lock_data_folder(self._folder)
        self._cluster = Cluster.at(self._folder)
        self._cluster.wait_until_free()
        self._delete_old_logs()
        settings = {
            "listen_addresses": HOST,
            "port": self._port,
            "unix_socket_directories": "",
            "max_parallel_workers_per_gather": 0,  # the cores are for the networks, and a query takes a few ms
            "timezone": "UTC",
            "log_timezone": "UTC",
            # What the server logs names no patient: neither a failed statement nor the row that broke a constraint.
            "log_error_verbosity": "terse",
            "log_min_error_statement": "panic",
        }
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return as_unprivileged_user([str(binary("postgres")), "-D", str(self._cluster.data), *flags])

    async def _is_ready(self) -> bool:
        if self._cluster is None or self._process is None:
            return False
        try:
            lines = (self._cluster.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:  # not there yet
            return False
        return len(lines) > STATUS_LINE and (lines[0], lines[STATUS_LINE].strip()) == (str(self._process.pid), "ready")

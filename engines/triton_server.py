"""Triton as a child process: started, supervised, restarted when it ends, and stopped when its owner ends.

async with TritonServer(repository) as server:
    ... server.grpc_url ...
"""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

import httpx

from engines.backend_directory import backend_directory
from engines.data_directories import default_home
from engines.errors import StartFailed
from engines.guarded_process import GuardedProcess
from engines.python_environment import engine_environment
from engines.restart_policy import RestartPolicy
from engines.served_repository import served_repository
from engines.supervised_server import SupervisedServer
from engines.triton_command import HOST, Ports, triton_command, triton_environ

READY_TIMEOUT_S = 120.0

_log = logging.getLogger(__name__)


class TritonServer(SupervisedServer):
    """A tritonserver that serves `repository` on this machine alone.

    A port of 0 is a free one, chosen once: it stays the same over restarts. `home` holds the environment, the backends
    and the log; by default it is `TURNSTILE_HOME` or the user's cache folder. With a `secret`, only requests that carry
    it may infer; without it no client may load models or share memory. `more_flags` are for measurements.
    """

    product = "Triton"
    child_loss_is_fatal = True  # its stubs; see `guarded_process`

    def __init__(
        self,
        repository: Path,
        home: Path | None = None,
        http_port: int = 0,
        grpc_port: int = 0,
        metrics_port: int = 0,
        ready_timeout_s: float = READY_TIMEOUT_S,
        restart_policy: RestartPolicy | None = None,
        secret: str | None = None,
        more_flags: Sequence[str] = (),
    ) -> None:
        super().__init__(home or default_home(), ready_timeout_s, restart_policy or RestartPolicy())
        self._repository = repository
        self._secret = secret
        self._more_flags = tuple(more_flags)
        self._ports = Ports.free(http_port, grpc_port, metrics_port)

    @property
    def http_url(self) -> str:
        """host:port, as Triton's clients take it."""
        return f"{HOST}:{self._ports.http}"

    @property
    def grpc_url(self) -> str:
        """host:port, as Triton's clients take it."""
        return f"{HOST}:{self._ports.grpc}"

    @property
    def metrics_url(self) -> str:
        """The URL that Prometheus scrapes."""
        return f"http://{HOST}:{self._ports.metrics}/metrics"

    async def start(self) -> None:
        """Return when every model is ready; raises an EngineError, with the end of the log, when one fails."""
        try:
            await super().start()
        except StartFailed as error:
            # At a load of 12 on 2 cores, 3 of 20 starts failed: a stub missed its health check, or a lock failed.
            _log.warning("triton did not start; second attempt: %s", error)
            await super().start()

    @property
    def _shm_prefix(self) -> str:
        return f"turnstile-{self._name}-"  # with the last dash, server 1 does not remove the shared memory of server 12

    async def _launch(self) -> GuardedProcess:
        command, environ = await asyncio.to_thread(self._prepare)
        return await GuardedProcess.start(command, environ, self.log_path, self._shm_prefix)

    def _prepare(self) -> tuple[list[str], dict[str, str]]:
        repository = served_repository(self._repository, self._home)
        environment = engine_environment(self._home)
        backends = backend_directory(environment, self._home)
        self._delete_old_logs()
        command = triton_command(environment, backends, repository, self._ports, self._shm_prefix, self._secret)
        return [*command, *self._more_flags], triton_environ(environment)

    async def _is_ready(self) -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False) as client:
                return (await client.get(f"http://{self.http_url}/v2/health/ready")).status_code == httpx.codes.OK
        except httpx.TransportError:  # not listening yet
            return False

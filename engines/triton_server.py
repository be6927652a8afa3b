"""Triton as a child process: started, watched, started again when it dies, and gone when its owner is.

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
from engines.guarded_process import LeashedProcess
from engines.python_environment import engine_environment
from engines.restart_policy import RestartPolicy
from engines.served_repository import served_repository
from engines.supervised_server import SupervisedServer
from engines.triton_command import HOST, Ports, triton_command, triton_environ

READY_TIMEOUT_S = 120.0

_log = logging.getLogger(__name__)


class TritonServer(SupervisedServer):
    """A real tritonserver that serves `repository` on this machine alone.

    A port of 0 is a free one, chosen once: clients find the server again where it was. `home` keeps the environment,
    the backends and the log; it is `TURNSTILE_HOME` or the user's cache folder unless given. With a `secret` only who
    sends it may infer; nobody may load models or share memory without it. `more_flags` are for measurements.
    """

    product = "Triton"
    lost_children_count = True  # its stubs; see `process`

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
        """host:port, as Triton's clients want it."""
        return f"{HOST}:{self._ports.http}"

    @property
    def grpc_url(self) -> str:
        """host:port, as Triton's clients want it."""
        return f"{HOST}:{self._ports.grpc}"

    @property
    def metrics_url(self) -> str:
        """The page that Prometheus scrapes."""
        return f"http://{HOST}:{self._ports.metrics}/metrics"

    async def start(self) -> None:
        """Return when every model answers; raises an EngineError, with the end of the log, when they will not."""
        try:
            await super().start()
        except StartFailed as error:
            # At a load of 12 on 2 cores, 3 of 20 starts failed so: a stub missed its health check, or a lock threw.
            _log.warning("triton did not start and is started once more: %s", error)
            await super().start()

    @property
    def _shm_prefix(self) -> str:
        return f"turnstile-{self._name}-"  # the last dash keeps server 1 from sweeping the memory of server 12

    async def _launch(self) -> LeashedProcess:
        command, environ = await asyncio.to_thread(self._prepare)
        return await LeashedProcess.start(command, environ, self.log_path, self._shm_prefix)

    def _prepare(self) -> tuple[list[str], dict[str, str]]:
        repository = served_repository(self._repository, self._home)
        environment = engine_environment(self._home)
        backends = backend_directory(environment, self._home)
        self._make_room_for_log()
        command = triton_command(environment, backends, repository, self._ports, self._shm_prefix, self._secret)
        return [*command, *self._more_flags], triton_environ(environment)

    async def _answers(self) -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False) as client:
                return (await client.get(f"http://{self.http_url}/v2/health/ready")).status_code == httpx.codes.OK
        except httpx.TransportError:  # not listening yet
            return False

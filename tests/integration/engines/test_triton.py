"""A real Triton: ready, killed, restarted, given up, stopped."""

import os
import signal
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest
import tritonclient.grpc.aio as triton

from engines.errors import GaveUp, RepositoryInvalid, StartFailed
from engines.restart_policy import RestartPolicy
from engines.triton_server import TritonServer
from tests.integration.engines.owner_process import start_owner
from tests.integration.engines.tiny_models import slices, write_broken_repository, write_repository
from tests.integration.engines.triton_requests import ask
from tests.integration.polling import until_soon

QUICK_RESTARTS = RestartPolicy(initial_delay_s=0.05)


async def test_it_listens_on_this_machine_alone_and_stops_without_a_trace(repository: Path) -> None:
    async with TritonServer(repository) as server:
        family = _family(server)
        assert _listening(family) == {"127.0.0.1"}
        assert _segments(server)
        await until_soon(lambda: all(one.stat().st_mode & 0o777 == 0o600 for one in _segments(server)))
        async with httpx.AsyncClient(trust_env=False) as client:
            assert "nv_inference_count" in (await client.get(server.metrics_url)).text

    assert server.state == "stopped"
    assert server.pid is None
    assert not any(map(_alive, family))
    assert not _segments(server)
    assert "Started GRPCInferenceService" in server.log_path.read_text()


async def test_a_killed_server_restarts_at_its_address(repository: Path) -> None:
    async with TritonServer(repository, restart_policy=QUICK_RESTARTS) as server:
        first, url = server.pid, server.grpc_url
        assert first

        os.kill(first, signal.SIGKILL)
        await until_soon(lambda: server.restarts == 1 and server.state == "ready")

        assert server.pid != first
        assert server.grpc_url == url
        await _assert_answers(server)
        assert len(_segments(server)) == len(_family(server)) - 1  # one a stub: none is left of the first server


async def test_a_server_that_lost_a_stub_is_restarted(repository: Path) -> None:
    async with TritonServer(repository, restart_policy=QUICK_RESTARTS) as server:
        psutil.Process(server.pid).children()[0].kill()
        await until_soon(lambda: server.restarts == 1 and server.state == "ready")
        await _assert_answers(server)


async def test_it_gives_up_after_too_many_exits(repository: Path) -> None:
    async with TritonServer(repository, restart_policy=RestartPolicy(max_exits=0)) as server:
        assert server.pid
        os.kill(server.pid, signal.SIGKILL)
        await until_soon(lambda: server.state == "failed")
        assert isinstance(server.failure, GaveUp)
        assert server.pid is None


async def test_nothing_is_left_when_the_owner_is_killed(repository: Path) -> None:
    owner, (pid,) = start_owner("owner", repository)
    server = psutil.Process(int(pid))
    family = [server, *server.children()]
    assert len(family) > 1
    assert _segments_of_process(owner.pid)

    owner.kill()
    owner.wait()

    await until_soon(lambda: not any(map(_alive, family)))
    await until_soon(lambda: not _segments_of_process(owner.pid))


async def test_the_error_of_a_missing_network_quotes_the_end_of_the_log(tmp_path: Path) -> None:
    server = TritonServer(write_broken_repository(tmp_path))
    with pytest.raises(StartFailed, match=r"(?s)dense.*model\.onnx does not exist"):
        await server.start()
    assert server.state == "stopped"
    assert not _segments(server)


async def test_a_folder_without_models_is_refused_before_the_start(tmp_path: Path) -> None:
    with pytest.raises(RepositoryInvalid):
        await TritonServer(tmp_path).start()


async def test_a_server_that_is_never_ready_is_stopped(repository: Path) -> None:
    server = TritonServer(repository, ready_timeout_s=0.0)
    with pytest.raises(StartFailed, match="was not ready after 0 s"):
        await server.start()
    assert server.pid is None
    assert not _segments(server)


async def test_a_path_with_a_space_is_served(tmp_path: Path) -> None:
    async with TritonServer(write_repository(tmp_path / "our models")) as server:
        await _assert_answers(server)


async def _assert_answers(server: TritonServer) -> None:
    async with triton.InferenceServerClient(server.grpc_url) as client:
        answer = await ask(client, "peak", {"x": slices(3)})
    np.testing.assert_array_equal(answer["peak"][:, 0], slices(3).max(axis=(1, 2, 3)))


def _family(server: TritonServer) -> list[psutil.Process]:
    process = psutil.Process(server.pid)
    return [process, *process.children()]


def _alive(process: psutil.Process) -> bool:
    return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)


def _listening(family: list[psutil.Process]) -> set[str]:
    sockets = [socket for process in family for socket in process.net_connections()]
    return {s.laddr.ip.removeprefix("::ffff:") for s in sockets if s.status == psutil.CONN_LISTEN}


def _segments(server: TritonServer) -> list[Path]:
    """Those of this server alone: others of the test run may live in the same process."""
    return _segments_like(server._shm_prefix)


def _segments_of_process(owner: int) -> list[Path]:
    return _segments_like(f"turnstile-{owner}-")


def _segments_like(prefix: str) -> list[Path]:
    return list(Path("/dev/shm").glob(f"{prefix}*"))  # noqa: S108  where POSIX shared memory is

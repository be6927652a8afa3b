"""Overload, a Triton that is killed or hangs, a client that disconnects: errors, no verdicts, no files left."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.integration.gateway.running_gateway import RunningGateway, running_gateway
from tests.integration.polling import until

ENGINE_ERRORS = {"engine_unavailable", "engine_fault", "engine_deadline", "engine_overloaded"}


def test_over_the_limit_is_refused_with_retry_after(tmp_path: Path, phantom: Path) -> None:
    with running_gateway(tmp_path, slices_in_flight=12, slices_waiting=12) as gateway, ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(gateway.predict, [phantom] * 8))
        until(gateway.is_idle)
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert all(answer.json()["error"] == "engine_overloaded" for answer in refused)
    assert all(1 <= int(answer.headers["retry-after"]) <= 60 for answer in refused)
    assert all(answer.status_code == 200 for answer in answers if answer not in refused)


def test_a_killed_triton_is_an_error_and_recovers(tmp_path: Path, phantom: Path) -> None:
    with running_gateway(tmp_path) as gateway, ThreadPoolExecutor(4) as clients:
        expected = gateway.predict(phantom).json()["probability_of_pathology"]
        calls = [clients.submit(gateway.predict, phantom) for _ in range(8)]
        until(lambda: gateway.services.admission.in_flight > 0)
        gateway.triton.kill()
        for answer in (call.result() for call in calls):
            assert_true_verdict_or_engine_error(answer, expected)
        until(gateway.is_ready)
        assert gateway.predict(phantom).json()["probability_of_pathology"] == expected
        until(gateway.is_idle)


def assert_true_verdict_or_engine_error(answer: httpx.Response, expected: float) -> None:
    if answer.status_code == 200:
        assert answer.json()["probability_of_pathology"] == expected
    else:
        assert answer.json()["error"] in ENGINE_ERRORS


@contextmanager
def hanging_triton(scratch: Path, **settings: float) -> Iterator[RunningGateway]:
    """A gateway whose Triton process is stopped (SIGSTOP) and does not answer."""
    with running_gateway(scratch, **settings) as gateway:
        triton = gateway.triton
        triton.send_signal(signal.SIGSTOP)
        try:
            yield gateway
        finally:
            triton.send_signal(signal.SIGCONT)


def test_a_triton_that_hangs_ends_at_the_deadline_and_is_not_ready(tmp_path: Path, phantom: Path) -> None:
    with hanging_triton(tmp_path, deadline_s=3.0, decode_timeout_s=3.0) as gateway:
        answer = gateway.predict(phantom)
        assert (answer.status_code, answer.json()["error"]) == (504, "engine_deadline")
        with gateway.client() as client:
            ready = client.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["reason"]


def test_a_disconnected_client_cancels_its_work(tmp_path: Path, phantom: Path) -> None:
    with hanging_triton(tmp_path, deadline_s=600.0) as gateway:
        with gateway.client() as client, pytest.raises(httpx.ReadTimeout):
            client.post("/inference/predict", files={"file": phantom.read_bytes()}, timeout=1.0)
        until(gateway.is_idle)


def test_an_interrupted_upload_leaves_nothing(tmp_path: Path) -> None:
    def half() -> Iterator[bytes]:
        yield b"PK\x03\x04"
        raise ConnectionAbortedError("the cable")

    with running_gateway(tmp_path) as gateway:
        with gateway.client() as client, pytest.raises(ConnectionAbortedError):
            client.post("/inference/predict", content=half())
        until(gateway.is_idle)

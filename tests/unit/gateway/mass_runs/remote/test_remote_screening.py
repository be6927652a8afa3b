"""How a run treats the responses of a gateway, over real HTTP from a server with scripted responses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from gateway.mass_runs.remote import remote_screening
from gateway.mass_runs.remote.answers import UnusableGateway
from gateway.mass_runs.remote.concurrency_window import ConcurrencyWindow
from gateway.mass_runs.remote.gateway_client import RemoteGateway
from gateway.mass_runs.remote.remote_screening import RemoteScreening
from screening.errors import EngineUnavailable, NoLung
from screening.results.report import Report

Scripted = tuple[int, Any, dict[str, str]]

FAILED = Report.failed("upload", NoLung("no lung was found", "2.25.7"), 0.5).to_json()
UNAVAILABLE = Report.failed("upload", EngineUnavailable("the networks are away"), 0.5).to_json()
WELL: Scripted = (200, {"rows": [FAILED, FAILED]}, {})
BUSY: Scripted = (429, {"error": "engine_overloaded", "detail": "busy"}, {"Retry-After": "0"})


@pytest.fixture(autouse=True)
def no_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries without delay."""
    monkeypatch.setattr(remote_screening, "RETRY_DELAYS_S", (0.0, 0.0))
    monkeypatch.setattr("gateway.mass_runs.remote.answers.RETRY_S", 0.0)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "Muster.zip"
    path.write_bytes(b"PK\x03\x04" * 1000)
    return path


@asynccontextmanager
async def scripted_gateway(*script: Scripted) -> AsyncIterator[tuple[RemoteScreening, list[web.Request]]]:
    """A gateway with these responses, the last one repeated, and the requests that it received."""
    asked: list[web.Request] = []

    async def predict(request: web.Request) -> web.Response:
        status, body, headers = script[min(len(asked), len(script) - 1)]
        asked.append(request)
        if status == 200:
            await request.read()
        if isinstance(body, str):
            return web.Response(text=body, status=status, headers=headers)
        return web.json_response(body, status=status, headers=headers)

    app = web.Application()
    app.router.add_post("/inference/predict", predict)
    async with (
        TestServer(app) as server,
        RemoteGateway.connect(str(server.make_url("/")), SecretStr("ts_secret"), 4) as gateway,
    ):
        yield RemoteScreening(gateway, ConcurrencyWindow(4), 1, lambda _words: None), asked


async def test_every_study_of_an_upload_has_its_report_under_its_own_name(study: Path) -> None:
    async with scripted_gateway(WELL) as (run, asked):
        reports = await run.reports(study)
    assert [report["row"]["path_to_study"] for report in reports] == [str(study), str(study)]
    assert [report["error"]["code"] for report in reports] == ["no_lung", "no_lung"]
    assert asked[0].headers["Authorization"] == "Bearer ts_secret"
    assert dict(asked[0].query) == {"detail": "full", "all": "true"}
    assert "Muster" not in str(asked[0].headers)


async def test_a_busy_gateway_is_retried_until_it_accepts(study: Path) -> None:
    async with scripted_gateway(*[BUSY] * 9, WELL) as (run, asked):
        assert len(await run.reports(study)) == 2
    assert len(asked) == 10
    assert run.window.size <= 2


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((503, {"error": "database_unavailable", "detail": "away"}, {}), "database_unavailable"),
        ((502, "<html>Bad Gateway</html>", {}), "engine_unavailable"),
        ((504, "<html>Timeout</html>", {}), "engine_deadline"),
        ((200, {"rows": [UNAVAILABLE]}, {}), "engine_unavailable"),
    ],
)
async def test_a_transient_error_is_retried_and_then_is_a_failed_row(study: Path, answer: Scripted, code: str) -> None:
    async with scripted_gateway(answer) as (run, asked):
        (report,) = await run.reports(study)
    assert len(asked) == 3
    assert (report["error"]["code"], report["verdict"], report["row"]["pathology"]) == (code, "not_analysed", None)
    async with scripted_gateway(answer, WELL) as (run, _):
        assert len(await run.reports(study)) == 2


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((413, {"error": "over_budget", "detail": "larger than 5 bytes"}, {}), "over_budget"),
        ((413, "<html>Request Entity Too Large</html>", {}), "over_budget"),
        ((500, {"error": "internal_error", "detail": "the service failed"}, {}), "internal_error"),
    ],
)
async def test_a_refused_upload_is_a_failed_row_at_once(study: Path, answer: Scripted, code: str) -> None:
    async with scripted_gateway(answer) as (run, asked):
        (report,) = await run.reports(study)
    assert (len(asked), report["error"]["code"], report["verdict"]) == (1, code, "not_analysed")
    assert report["row"]["path_to_study"] == str(study)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((401, {"error": "invalid_token", "detail": "this token is dead"}, {}), "invalid_token"),
        ((403, {"error": "not_permitted", "detail": "no"}, {}), "not_permitted"),
        ((404, "<html>nginx</html>", {}), "no Turnstile is at this address"),
        ((302, "", {"Location": "https://login.example/"}), "sends to https://login.example/"),
        ((200, "<html>welcome</html>", {}), "not a list of full reports"),
        ((200, {"verdict": "normal"}, {}), "not a list of full reports"),
        ((200, {"rows": []}, {}), "not a list of full reports"),
    ],
)
async def test_an_unusable_gateway_stops_the_run(study: Path, answer: Scripted, words: str) -> None:
    async with scripted_gateway(answer) as (run, _):
        with pytest.raises(UnusableGateway, match=words):
            await run.reports(study)


async def test_a_run_stops_when_no_upload_succeeds_any_more(study: Path) -> None:
    async with scripted_gateway((503, "", {})) as (run, _):
        (report,) = await run.reports(study)
        assert report["error"]["code"] == "engine_unavailable"
        with pytest.raises(UnusableGateway, match="no upload succeeds"):
            await run.reports(study)


async def test_a_file_that_ends_before_its_length_is_a_failed_row() -> None:
    short = Path("/sys/devices/system/cpu/online")  # Linux tells 4,096 bytes of it, and gives a few
    async with scripted_gateway(WELL) as (run, _):
        (report,) = await run.reports(short)
    assert report["error"]["code"] == "broken_archive"

"""A real Prometheus reads a running gateway with its Triton, and answers the queries of the dashboard."""

import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from deploy.observability.dashboard import queries
from deploy.observability.files import FOLDER
from screening.phantom.phantom_study import write_phantom
from tests.integration.deploy.charts import pods
from tests.integration.deploy.dockerfiles import ROOT
from tests.integration.deploy.tools import of_debian
from tests.integration.gateway.running_gateway import RunningGateway, running_gateway
from tests.integration.polling import until

SCREENED = 2
VIEWS_OF_A_STUDY = 20  # at least: the phantom's lungs have about 30
WITHOUT_RESULT_HERE = (
    "nv_gpu_",
    "turnstile_probability_psi",
    "ratio_rate1h",
)  # no GPU; too few studies; too short a time


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """A gateway that has screened two studies and refused a file that is no study."""
    phantom = tmp_path_factory.mktemp("phantom") / "phantom.zip"
    write_phantom(phantom, slices=24, size=256)
    with running_gateway(tmp_path_factory.mktemp("scratch")) as running:
        for _ in range(SCREENED):
            assert running.predict(phantom).status_code == 200
        assert running.predict(Path(__file__)).status_code == 415
        yield running


@pytest.fixture(scope="module")
def prometheus(gateway: RunningGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Prometheus that has read the gateway twice."""
    folder = tmp_path_factory.mktemp("prometheus")
    job = {"job_name": "turnstile-gateway", "static_configs": [{"targets": [gateway.url.removeprefix("http://")]}]}
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(FOLDER / "rules.yml")],
        "scrape_configs": [job],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [of_debian("prometheus"), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    log = folder / "log"
    with log.open("wb") as output:
        server = subprocess.Popen([*command, f"--web.listen-address={address}"], stdout=output, stderr=output)
        try:
            url = f"http://{address}"
            until(lambda: bool(ask(url, "count_over_time(up[1m]) > 2")), why_not=lambda: log.read_text()[-2000:])
            yield url
        finally:
            server.terminate()
            server.wait(60)


def test_it_sees_the_gateway(prometheus: str) -> None:
    until(lambda: value(prometheus, 'up{job="turnstile-gateway"}') == 1)
    until(lambda: value(prometheus, "turnstile_triton_metrics_up") == 1)


def test_the_paths_of_the_probes_exist(gateway: RunningGateway) -> None:
    container = pods("minimal")["gateway"]["containers"][0]
    probed = {container[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    for file in ("docker-compose.yml", "deploy/gateway.Dockerfile"):
        probed |= set(re.findall(r"127\.0\.0\.1:8080(/\w+)", (ROOT / file).read_text("utf-8")))
    assert probed == {"/healthz", "/readyz"}
    assert {httpx.get(gateway.url + path, trust_env=False).status_code for path in probed} == {200}


def test_it_counts_what_was_screened(prometheus: str) -> None:
    assert value(prometheus, "sum(turnstile_study_seconds_count)") == SCREENED
    assert value(prometheus, 'turnstile_verdicts_total{verdict="not_analysed"}') == 1
    assert value(prometheus, 'turnstile_failures_total{code="not_dicom"}') == 1
    assert value(prometheus, 'turnstile_stage_seconds_count{stage="inference"}') == SCREENED
    assert value(prometheus, "sum(turnstile_slices_in_flight)") == 0


def test_tritons_own_metrics_agree(prometheus: str, gateway: RunningGateway) -> None:
    """Each view of a study went through each network once; the rest is warm-up, the same for all."""
    views = VIEWS_OF_A_STUDY * SCREENED
    for model in (step.model for step in gateway.services.card.contract.steps):
        assert value(prometheus, f'nv_inference_count{{model="{model}"}}') >= views
    # Triton meters an ensemble under its version and, by a reporter of the scheduler's own, under version 1 as well.
    assert value(prometheus, 'sum(nv_inference_request_success{model="screening"})') >= SCREENED


@pytest.mark.parametrize("query", queries())
def test_the_queries_of_the_dashboard_have_results(prometheus: str, query: str) -> None:
    if any(name in query for name in (*WITHOUT_RESULT_HERE, *_NOTHING_HAPPENED)):
        ask(prometheus, query.replace("$__rate_interval", "1m"))
    else:
        until(lambda: bool(ask(prometheus, query.replace("$__rate_interval", "1m"))))


def test_the_rules_are_evaluated_without_a_fault(prometheus: str) -> None:
    groups = httpx.get(f"{prometheus}/api/v1/rules", trust_env=False).json()["data"]["groups"]
    assert {rule["health"] for group in groups for rule in group["rules"]} <= {"ok", "unknown"}
    assert not ask(prometheus, 'ALERTS{severity="page",alertstate="firing"}')


_NOTHING_HAPPENED = ("turnstile_worker_deaths_total", "turnstile_analyses", "turnstile_analysis_wait_seconds")


def value(prometheus: str, query: str) -> float:
    """The one number that the query has for an answer.

    Prometheus asks every second and waits for one, which a busy gateway may take: then there is none for a while.
    """
    until(lambda: len(ask(prometheus, query)) == 1)
    (sample,) = ask(prometheus, query)
    return float(sample["value"][1])


def ask(prometheus: str, query: str) -> list[dict[str, Any]]:
    """The instant vector; empty while Prometheus starts."""
    with suppress(httpx.TransportError):
        answer = httpx.get(f"{prometheus}/api/v1/query", params={"query": query}, trust_env=False)
        if answer.status_code != 503:
            body = answer.json()
            assert body["status"] == "success", body
            return list(body["data"]["result"])
    return []

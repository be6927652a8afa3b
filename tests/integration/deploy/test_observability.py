"""Rules and dashboard are up to date, valid for promtool, and read existing metrics."""

import itertools
import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from deploy.observability.dashboard import dashboard, queries
from deploy.observability.files import FOLDER, contents
from gateway.pacs.receiving.metrics import ReceivingMetrics
from gateway.telemetry.metrics import Metrics
from tests.integration.deploy.dockerfiles import ROOT
from tests.integration.deploy.tools import of_debian

HERE = Path(__file__).parent
ALERTS = ROOT / "docs" / "alerts.md"
OF_TRITON = {
    "nv_inference_count",
    "nv_inference_request_success",
    "nv_inference_exec_count",
    "nv_inference_queue_duration_us",
    "nv_inference_compute_infer_duration_us",
    "nv_gpu_utilization",
}


def first_queries() -> list[str]:
    """The first Prometheus query of each alert in the documentation."""
    return re.findall(r"`q '(.+)'`", ALERTS.read_text("utf-8"))


@pytest.mark.parametrize("name", contents())
def test_the_files_are_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == contents()[name], "stale: run `python -m deploy.observability`"


def test_every_alert_fires_when_it_must_and_only_then() -> None:
    _promtool("check", "rules", FOLDER / "rules.yml")
    _promtool("test", "rules", HERE / "rules_test.yml", HERE / "rules_slow_test.yml")


def test_every_alert_has_a_first_command() -> None:
    sections = re.split(r"^### ", ALERTS.read_text("utf-8"), flags=re.MULTILINE)[1:]
    assert [section.split()[0] for section in sections if "**First:** `" not in section.splitlines()[1]] == []


def test_every_alert_has_a_runbook_and_a_test() -> None:
    rules = [rule for group in yaml.safe_load(contents()["rules.yml"])["groups"] for rule in group["rules"]]
    alerts = [rule for rule in rules if "alert" in rule]
    tests = (HERE / "rules_test.yml").read_text("utf-8")
    assert {alert["labels"]["severity"] for alert in alerts} == {"page", "ticket"}
    anchors = set(re.findall(r"^### (\w+)$", ALERTS.read_text("utf-8"), re.MULTILINE))
    assert {alert["annotations"]["runbook"] for alert in alerts} == {f"docs/alerts.md#{anchor}" for anchor in anchors}
    causes = {alert["alert"] for alert in alerts if "objective" not in alert["labels"]}
    assert {name for name in causes if name not in tests} == set()


def test_rules_and_dashboard_read_existing_metrics() -> None:
    metrics = Metrics()
    ReceivingMetrics(metrics.registry)
    meters = set(re.findall(r"^# TYPE (\w+)", metrics.exposition().decode(), re.MULTILINE)) | OF_TRITON
    text = " ".join([*queries(), *first_queries(), contents()["rules.yml"]])
    read = {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"\b(?:turnstile|nv)_[a-z_]+\b", text)}
    assert {name for name in read if name not in meters and f"{name}_count" not in meters} == set()


def test_every_query_is_promql(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:query:{number}", "expr": query.replace("$__rate_interval", "5m")}
        for number, query in enumerate([*queries(), *first_queries()])
    ]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    _promtool("check", "rules", tmp_path / "rules.yml")


def test_the_dashboards_panels_do_not_overlap() -> None:
    places = [
        {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        for at in (panel["gridPos"] for panel in dashboard()["panels"])
    ]
    assert all(not one & other for one, other in itertools.combinations(places, 2))
    assert max(x for place in places for x, _ in place) < 24


def test_composes_configuration_is_prometheus(tmp_path: Path) -> None:
    text = (ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text("utf-8")
    (tmp_path / "prometheus.yml").write_text(text.replace("/etc/prometheus/rules.yml", str(FOLDER / "rules.yml")))
    _promtool("check", "config", tmp_path / "prometheus.yml")


def test_grafana_is_provisioned() -> None:
    provisioning = ROOT / "deploy" / "grafana" / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text())["datasources"]
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "turnstile.yml").read_text())["providers"]
    compose = (ROOT / "docker-compose.yml").read_text()
    assert source["type"] == "prometheus"
    assert f"dashboard.json:{provider['options']['path']}/" in compose
    assert json.loads(contents()["dashboard.json"])["uid"] == "turnstile"


def _promtool(*arguments: str | Path) -> None:
    done = subprocess.run([of_debian("promtool"), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

"""Monitoring objects of the chart: the rules of the code, and queries with the right values for scaling."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.observability.files import contents
from tests.integration.deploy.charts import NAMESPACE, of_kind, pods
from tests.integration.deploy.tools import of_debian


def test_the_rules_are_those_of_the_code() -> None:
    (rule,) = of_kind("observability", "PrometheusRule").values()
    assert rule["spec"] == yaml.safe_load(contents()["rules.yml"])


def test_the_dashboard_is_that_of_the_code() -> None:
    dashboard = of_kind("observability", "ConfigMap")["dashboard"]
    assert dashboard["data"]["dashboard.json"].strip() == contents()["dashboard.json"].strip()
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"


def test_a_monitor_reads_a_port_that_its_service_has() -> None:
    services = of_kind("observability", "Service").values()
    for name, monitor in of_kind("observability", "ServiceMonitor").items():
        wanted = monitor["spec"]["selector"]["matchLabels"]
        found = [service for service in services if wanted.items() <= service["metadata"]["labels"].items()]
        assert found, f"{name} finds no service"
        (endpoint,) = monitor["spec"]["endpoints"]
        assert all(endpoint["port"] in [port["name"] for port in service["spec"]["ports"]] for service in found)


@pytest.mark.parametrize("name", ["worker", "triton-cpu"])
def test_scaled_deployments_exist_and_set_no_replicas(name: str) -> None:
    scaled = of_kind("autoscaling", "ScaledObject")[name]["spec"]
    target = scaled["scaleTargetRef"]["name"].removeprefix("ct-turnstile-")
    assert target in pods("autoscaling")
    assert "replicas" not in of_kind("autoscaling", "Deployment")[target]["spec"]
    assert 0 < scaled["minReplicaCount"] <= scaled["fallback"]["replicas"] <= scaled["maxReplicaCount"]


def test_triton_is_scaled_by_waiting_per_computing(tmp_path: Path) -> None:
    service = next(name for name in of_kind("autoscaling", "Service") if name.startswith("triton"))
    labels = f'namespace="{NAMESPACE}",service="ct-turnstile-{service}",model="classifier"'
    other = labels.replace(NAMESPACE, "elsewhere")
    _assert_value(
        _query("triton-cpu"),
        {
            f"nv_inference_queue_duration_us{{{labels}}}": "0+300x10",
            f"nv_inference_compute_infer_duration_us{{{labels}}}": "0+200x10",
            f"nv_inference_queue_duration_us{{{other}}}": "0+9000x10",
        },
        1.5,
        tmp_path,
    )


def test_workers_are_scaled_by_the_queue(tmp_path: Path) -> None:
    """Every gateway and worker counts the same queue, so the largest is the queue, not the sum."""
    _assert_value(
        _query("worker"),
        {
            f'turnstile_analyses{{namespace="{NAMESPACE}",state="queued",pod="a"}}': "70x10",
            f'turnstile_analyses{{namespace="{NAMESPACE}",state="queued",pod="b"}}': "70x10",
            f'turnstile_analyses{{namespace="{NAMESPACE}",state="running",pod="a"}}': "9x10",
        },
        70,
        tmp_path,
    )
    assert _trigger("worker")["metricType"] == "AverageValue"


@pytest.mark.parametrize("name", ["worker", "triton-cpu"])
def test_no_load_is_zero_and_not_unknown(name: str, tmp_path: Path) -> None:
    _assert_value(_query(name), {"up": "1x10"}, 0, tmp_path)


def _trigger(name: str) -> dict[str, Any]:
    (trigger,) = of_kind("autoscaling", "ScaledObject")[name]["spec"]["triggers"]
    return dict(trigger)


def _query(name: str) -> str:
    return str(_trigger(name)["metadata"]["query"])


def _assert_value(query: str, series: dict[str, str], value: float, folder: Path) -> None:
    """Let promtool compute the query."""
    test = {
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "promql_expr_test": [
                    {"expr": query, "eval_time": "10m", "exp_samples": [{"labels": "{}", "value": value}]}
                ],
            }
        ]
    }
    (folder / "test.yml").write_text(yaml.safe_dump(test))
    command = [of_debian("promtool"), "test", "rules", str(folder / "test.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

"""The chart as helm renders it, by set of values."""

import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.integration.deploy.dockerfiles import ROOT
from tests.integration.deploy.tools import helm

CHART = ROOT / "helm" / "turnstile"
VALUES = sorted((Path(__file__).parent / "values").glob("*.yaml"))
RELEASE, NAMESPACE = "ct", "screening"

Object = dict[str, Any]


def run(command: str, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """A helm command on the chart."""
    names = [RELEASE] if command == "template" else []
    line = [helm(), command, *names, CHART, "--namespace", NAMESPACE, *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=False)


@cache
def objects(values: str) -> tuple[Object, ...]:
    """Everything that `helm install` with this set of values would send."""
    (path,) = (path for path in VALUES if path.stem == values)
    done = run("template", "--values", path)
    assert done.returncode == 0, done.stderr
    return tuple(found for found in yaml.safe_load_all(done.stdout) if found)


def of_kind(values: str, kind: str) -> dict[str, Object]:
    """The objects of a kind by name, without the release's own."""
    return {
        found["metadata"]["name"].removeprefix(f"{RELEASE}-turnstile-"): found
        for found in objects(values)
        if found["kind"] == kind
    }


def pods(values: str) -> dict[str, Object]:
    """Every pod's specification, by the name of what starts it."""
    kinds = ("Deployment", "StatefulSet", "Job")
    templates = {
        name: found["spec"]["template"]["spec"] for kind in kinds for name, found in of_kind(values, kind).items()
    }
    nightly = {
        name: found["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        for name, found in of_kind(values, "CronJob").items()
    }
    return templates | nightly | {name: found["spec"] for name, found in of_kind(values, "Pod").items()}


def component(found: Object) -> str:
    """gateway, worker, triton, ..."""
    return str(found["metadata"]["labels"]["app.kubernetes.io/component"])

"""The chart renders for every set of values, to valid Kubernetes objects with the required content."""

import itertools
from pathlib import Path

import kubernetes_validate
import pytest

from gateway.cli.app import Commands
from gateway.settings.auth import AuthSettings
from gateway.settings.settings import Settings
from tests.integration.deploy.charts import VALUES, objects, of_kind, pods, run

OPERATORS = {"ScaledObject", "ServiceMonitor", "PrometheusRule"}  # KEDA's and the Prometheus operator's own kinds
KUBERNETES = ("1.30", "1.37")

every_set = pytest.mark.parametrize("values", [path.stem for path in VALUES])


@pytest.mark.parametrize("path", VALUES, ids=lambda path: path.stem)
def test_helm_lint_has_no_findings(path: Path) -> None:
    done = run("lint", "--strict", "--values", path)
    assert done.returncode == 0, done.stdout + done.stderr


@every_set
@pytest.mark.parametrize("version", KUBERNETES)
def test_every_object_is_valid_for_kubernetes(values: str, version: str) -> None:
    for found in objects(values):
        if found["kind"] not in OPERATORS:
            kubernetes_validate.validate(found, version, strict=True)


@every_set
def test_names_are_unique(values: str) -> None:
    names = [(found["kind"], found["metadata"]["name"]) for found in objects(values)]
    assert len(names) == len(set(names))


@every_set
def test_the_log_of_a_built_in_database_names_no_patient(values: str) -> None:
    for pod in (pod for name, pod in pods(values).items() if name == "postgres"):
        assert {"log_error_verbosity=terse", "log_min_error_statement=panic"} <= set(pod["containers"][0]["args"])


@every_set
def test_no_pod_is_privileged_or_writes_its_root(values: str) -> None:
    for pod in pods(values).values():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        for container in (*pod["containers"], *pod.get("initContainers", ())):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert {"cpu", "memory"} <= set(container["resources"]["requests"])
            assert "memory" in container["resources"]["limits"]


@every_set
def test_secrets_are_references_and_never_values(values: str) -> None:
    assert of_kind(values, "Secret") == {}
    for pod in pods(values).values():
        for variable in _environment(pod):
            secret = any(word in variable["name"] for word in ("PASSWORD", "SECRET", "ACCESS_KEY"))
            assert secret == ("valueFrom" in variable), variable["name"]


@every_set
def test_every_variable_is_a_setting(values: str) -> None:
    settings = {*Settings.model_fields, *AuthSettings.model_fields}
    named = {variable["name"] for pod in pods(values).values() for variable in _environment(pod)}
    ours = {name.removeprefix("TURNSTILE_").lower() for name in named if name.startswith("TURNSTILE_")}
    assert ours - settings == set()


@every_set
def test_every_mount_has_its_volume(values: str) -> None:
    for name, pod in pods(values).items():
        claimed = of_kind(values, "StatefulSet").get(name, {}).get("spec", {}).get("volumeClaimTemplates", ())
        volumes = {volume["name"] for volume in pod.get("volumes", ())}
        volumes |= {claim["metadata"]["name"] for claim in claimed}
        for container in (*pod["containers"], *pod.get("initContainers", ())):
            assert {mount["name"] for mount in container.get("volumeMounts", ())} <= volumes


@every_set
def test_the_grace_period_is_long_enough_for_the_drain(values: str) -> None:
    for name in ("gateway", *(name for name in pods(values) if name.startswith("triton"))):
        pod = pods(values)[name]
        (container,) = pod["containers"]
        assert pod["terminationGracePeriodSeconds"] >= container["lifecycle"]["preStop"]["sleep"]["seconds"] + 30
    worker = pods(values)["worker"]
    drain = {variable["name"]: variable.get("value") for variable in _environment(worker)}["TURNSTILE_DRAIN_S"]
    assert worker["terminationGracePeriodSeconds"] > int(str(drain))


@every_set
def test_a_start_may_take_as_long_as_the_warm_up(values: str) -> None:
    for name, pod in pods(values).items():
        probe = pod["containers"][0].get("startupProbe")
        if name.startswith("triton"):
            gpu = "nvidia.com/gpu" in pod["containers"][0]["resources"]["limits"]
            assert probe["periodSeconds"] * probe["failureThreshold"] >= (900 if gpu else 180)
        elif name in ("gateway", "worker"):
            assert probe["periodSeconds"] * probe["failureThreshold"] >= 120


def test_without_the_databases_secret_nothing_is_rendered() -> None:
    refused = run("template")
    assert refused.returncode != 0
    assert "existingSecret" in refused.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        "gateway.replica=3",
        "database.password=1234",
        "gateway.settings.settings.database_url=postgresql://a:b@c/d",
        "ingress.enabled=true",
        "autoscaling.enabled=true",
        "auth.oidc.issuer=http://login.example.org",
        "people.oidc.issuer=http://login.example.org",
        "triton.pools.gpu.enabled=true",
        "worker.atOnce=0",
        "backup.schedule=nightly",
        "backup.enabled=true,backup.s3Url=s3://backups/turnstile",
    ],
)
def test_a_wrong_value_is_refused(wrong: str) -> None:
    assert run("template", "--set", "database.existingSecret=db", "--set", wrong).returncode != 0


def test_the_migration_runs_before_what_needs_it() -> None:
    hooks = {values: of_kind(values, "Job")["migrate"]["metadata"]["annotations"] for values in ("minimal", "external")}
    assert hooks["external"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert hooks["minimal"]["helm.sh/hook"] == "post-install,pre-upgrade", "the chart's own database comes first"


def test_the_model_repository_is_read_only_and_comes_from_an_image_or_a_claim() -> None:
    for values, init in (("minimal", 1), ("external", 0)):
        for name in ("gateway", "worker", *(name for name in pods(values) if name.startswith("triton"))):
            pod = pods(values)[name]
            assert len(pod.get("initContainers", ())) == init
            (mount,) = (mount for mount in pod["containers"][0]["volumeMounts"] if mount["name"] == "models")
            assert mount["readOnly"] is True


def test_the_backup_runs_every_night_and_is_kept_after_the_release() -> None:
    job = of_kind("backup", "CronJob")["backup"]["spec"]
    assert (job["schedule"], job["timeZone"], job["concurrencyPolicy"]) == ("30 1 * * *", "Europe/Berlin", "Forbid")
    assert pods("backup")["backup"]["containers"][0]["args"] == ["backup", "/backups", "--keep", "7"]
    claim = of_kind("backup", "PersistentVolumeClaim")["backup"]
    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    (container,) = pods("external")["backup"]["containers"]
    assert container["args"][1] == "s3://backups/turnstile"
    assert {"PGPASSWORD", "PGSSLROOTCERT", "AWS_SECRET_ACCESS_KEY"} <= {one["name"] for one in container["env"]}


def test_commands_of_the_chart_exist() -> None:
    commands = {command.name for command in Commands.lazy}
    ours = [pod["containers"][0] for values in ("backup", "external") for pod in pods(values).values()]
    named = {one["args"][0] for one in ours if "/gateway:" in one["image"] and "command" not in one}
    assert named == {"up", "worker", "migrate", "backup"}
    assert named <= commands


def test_new_networks_are_served_beside_the_old_ones() -> None:
    services = [name for name in of_kind("gpu", "Service") if name.startswith("triton")]
    assert len(services) == 2
    (url,) = (
        variable["value"]
        for variable in _environment(pods("gpu")["gateway"])
        if variable["name"] == "TURNSTILE_TRITON_URL"
    )
    assert url == f"dns:///ct-turnstile-{services[0]}:8001", "the gateways go over to the new ones, all at once or none"
    images = {name: pod["initContainers"][0]["image"] for name, pod in pods("gpu").items() if name.startswith("triton")}
    assert sorted(images.values()) == [
        "turnstile/models-cuda:trained-0123456789ab",
        "turnstile/models-cuda:trained-ba9876543210",
    ]


def test_spread_and_disruption_are_bounded() -> None:
    budgets = of_kind("minimal", "PodDisruptionBudget")
    assert set(budgets) == {"gateway", "worker", "triton"}
    for pod in pods("minimal").values():
        keys = [spread["topologyKey"] for spread in pod["topologySpreadConstraints"]]
        assert keys == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]


def test_a_selector_never_finds_another_components_pods() -> None:
    selectors = [found["spec"]["selector"]["matchLabels"] for found in of_kind("gpu", "Deployment").values()]
    assert all(one != other for one, other in itertools.combinations(selectors, 2))


def _environment(pod: dict[str, object]) -> list[dict[str, str]]:
    containers = pod["containers"]
    assert isinstance(containers, list)
    return list(containers[0].get("env", ()))

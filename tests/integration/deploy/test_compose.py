"""docker-compose.yml as docker-compose reads it: by profile, with and without its secrets."""

import os
import re
import subprocess
from functools import cache
from typing import Any

import pytest
import yaml

from gateway.cli.app import Commands
from gateway.settings.auth import AuthSettings
from gateway.settings.settings import Settings
from tests.integration.deploy.dockerfiles import ROOT
from tests.integration.deploy.tools import of_debian

PROFILES = ("cpu", "gpu", "cpu,observability", "gpu,observability", "cpu,pacs", "cpu,pacs,orthanc")
SECRETS = {"TURNSTILE_DB_PASSWORD": "correct horse", "TURNSTILE_TRITON_SECRET": "battery staple"}
GIB = 2**30
UNITS = {"m": 2**20, "g": GIB}


def config(**environ: str) -> "subprocess.CompletedProcess[str]":
    """`docker-compose config` with the example's settings and nothing of this machine's environment."""
    files = ["--env-file", str(ROOT / ".env.example"), "--file", str(ROOT / "docker-compose.yml")]
    command = [of_debian("docker-compose"), *files, "config"]
    environ = {"PATH": os.environ["PATH"]} | environ
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


@cache
def whole() -> dict[str, Any]:
    done = config(**SECRETS)
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = yaml.safe_load(done.stdout)
    return read


def services(profiles: str) -> dict[str, Any]:
    """The services that start with these profiles."""
    wanted = set(profiles.split(","))
    return {name: service for name, service in whole()["services"].items() if wanted & set(service["profiles"])}


every_profile = pytest.mark.parametrize("profiles", PROFILES)


@every_profile
def test_it_is_valid_and_complete(profiles: str) -> None:
    assert config(COMPOSE_PROFILES=profiles, **SECRETS).returncode == 0
    started = services(profiles)
    assert {"gateway", "worker", "migrate", "db", "engine-ready"} <= set(started)
    assert len({"triton", "triton-gpu"} & set(started)) == 1
    assert ("grafana" in started) == ("observability" in profiles)
    assert ("listener" in started) == ("pacs" in profiles)


@every_profile
def test_what_a_service_waits_for_starts_with_it(profiles: str) -> None:
    started = services(profiles)
    for service in started.values():
        assert set(service.get("depends_on", {})) <= set(started)
    waits = {name: how["condition"] for name, how in started["gateway"]["depends_on"].items()}
    assert waits == dict.fromkeys(("migrate", "engine-ready"), "service_completed_successfully")
    assert started["migrate"]["depends_on"] == {"db": {"condition": "service_healthy"}}


def test_no_secret_has_a_default() -> None:
    for name in SECRETS:
        refused = config(**{key: value for key, value in SECRETS.items() if key != name})
        assert refused.returncode != 0
        assert "choose a" in refused.stderr
        assert config(**(SECRETS | {name: ""})).returncode != 0
    variables = [pair for service in whole()["services"].values() for pair in service.get("environment", {}).items()]
    secret = {value for name, value in variables if re.search("PASSWORD|SECRET|ACCESS_KEY", name)}
    assert secret == {None, *SECRETS.values()}


@every_profile
def test_the_limits_fit_into_16_gb(profiles: str) -> None:
    limits = [_bytes(service["mem_limit"]) for service in services(profiles).values()]
    assert sum(limits) <= 15 * GIB, "1 GB is the system's"


def test_every_tmpfs_fits_into_the_memory_of_its_container_beside_what_runs_there() -> None:
    mounted = {name: service for name, service in whole()["services"].items() if service.get("tmpfs")}
    assert {"gateway", "worker", "migrate", "backup", "triton", "db"} <= set(mounted)
    for name, service in mounted.items():
        sizes = [re.search(r"size=(\w+)", mount) for mount in service["tmpfs"]]
        assert all(sizes), f"{name}: without a size a tmpfs may take half of the machine's memory"
        in_memory = sum(_bytes(size[1]) for size in sizes if size) + _programs(service)
        assert in_memory <= _bytes(service["mem_limit"]), name


def _programs(service: dict[str, Any]) -> int:
    """What the programs of a service take: a gateway or worker with its decode workers, or another."""
    if service.get("command", [""])[0] not in {"up", "worker"}:
        return 200 * 2**20
    workers: int = Settings.model_fields["decode_workers"].default
    return 400 * 2**20 + workers * int(service["environment"]["TURNSTILE_DECODE_MEMORY_BYTES"])


def test_only_their_clients_reach_triton_and_postgresql() -> None:
    assert _in_network("engine") == {"gateway", "worker", "engine-ready", "triton", "triton-gpu"}
    assert _in_network("data") == {"gateway", "worker", "listener", "migrate", "backup", "db"}
    assert all(whole()["networks"][name]["internal"] for name in ("engine", "data"))


def test_a_machine_without_a_gpu_pulls_no_cuda() -> None:
    cpu, gpu = (whole()["services"][name] for name in ("triton", "triton-gpu"))
    assert (cpu["build"]["dockerfile"], gpu["build"]["dockerfile"]) == (
        "deploy/triton-cpu.Dockerfile",
        "deploy/triton.Dockerfile",
    )
    assert cpu["image"].split(":")[0] != gpu["image"].split(":")[0]


def test_the_log_of_the_database_names_no_patient() -> None:
    assert {"log_error_verbosity=terse", "log_min_error_statement=panic"} <= set(whole()["services"]["db"]["command"])


def test_ports_are_published_on_loopback_by_default() -> None:
    ports = {name: service["ports"] for name, service in whole()["services"].items() if "ports" in service}
    assert set(ports) == {"gateway", "listener", "orthanc", "prometheus", "grafana"}
    assert all(port.startswith("127.0.0.1:") for published in ports.values() for port in published)


@pytest.mark.parametrize(
    "name",
    ["gateway", "worker", "listener", "orthanc", "migrate", "backup", "engine-ready", "triton", "triton-gpu", "db"],
)
def test_every_service_is_hardened(name: str) -> None:
    service = whole()["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_a_backup_runs_on_request_only_and_sees_the_gateways_files() -> None:
    backup, gateway = whole()["services"]["backup"], whole()["services"]["gateway"]
    assert backup["profiles"] == ["backup"]
    assert "depends_on" not in backup, "a restore starts it while nothing but PostgreSQL runs"
    (kept,) = (mount for mount in gateway["volumes"] if mount.startswith("blobs:"))
    assert kept in backup["volumes"]
    for name in ("TURNSTILE_DATABASE_URL", "PGPASSWORD", "TURNSTILE_DATA_FOLDER", "TURNSTILE_BLOB_URL"):
        assert backup["environment"][name] == gateway["environment"][name]


def test_the_model_repository_is_read_only_everywhere() -> None:
    mounts = [mount for service in whole()["services"].values() for mount in service.get("volumes", [])]
    assert [mount for mount in mounts if "/models" in mount and not mount.endswith(":ro")] == []
    assert sum("/models:ro" in mount for mount in mounts) == 6


def test_what_is_mounted_is_in_the_tree() -> None:
    mounts = [mount for service in whole()["services"].values() for mount in service.get("volumes", [])]
    sources = {mount.split(":")[0] for mount in mounts if mount.startswith("/")}
    assert all(os.path.exists(source) for source in sources), sources  # noqa: PTH110 - strings of another program
    builds = [service["build"] for service in whole()["services"].values() if "build" in service]
    assert all((ROOT / build["dockerfile"]).is_file() for build in builds)


def test_every_variable_is_a_setting_and_every_command_exists() -> None:
    settings = {*Settings.model_fields, *AuthSettings.model_fields}
    ours = {name: service for name, service in whole()["services"].items() if "gateway" in service["image"]}
    for service in ours.values():
        named = [name.removeprefix("TURNSTILE_").lower() for name in service["environment"] if "TURNSTILE_" in name]
        assert [name for name in named if name not in settings] == []
    commands = {command.name for command in Commands.lazy}
    assert {service["command"][0] for service in ours.values()} <= commands


def test_the_example_names_what_compose_reads() -> None:
    example = (ROOT / ".env.example").read_text("utf-8")
    compose = (ROOT / "docker-compose.yml").read_text("utf-8")
    offered = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE)) - {"COMPOSE_PROFILES"}
    assert {name for name in offered if name not in compose} == set()
    assert set(SECRETS) <= offered
    assert all(f"\n{name}=\n" in example for name in SECRETS)


def _in_network(network: str) -> set[str]:
    return {name for name, service in whole()["services"].items() if network in service.get("networks", {})}


def _bytes(limit: str) -> int:
    return int(limit[:-1]) * UNITS[limit[-1]]

"""The pure parts of `do.py containers`: what compose says, command lines, what a look into a container finds."""

import re
import zipfile
from pathlib import Path

import pytest

from deploy.containers import compose_file
from deploy.containers.checks import findings
from deploy.containers.compose_file import Image
from deploy.containers.debian_bases import DOCKERFILE, TARGETS, bootstrap_command, build_bases
from deploy.containers.engine import ROOT, Engine, nested_environ
from deploy.containers.errors import CheckFailed
from deploy.containers.report import Report
from deploy.containers.stack import compose_command
from deploy.containers.study import study_to_screen

CONFIG = {
    "services": {
        "gateway": {
            "profiles": ["cpu", "gpu"],
            "image": "our/gateway:1",
            "build": {"context": "/x", "dockerfile": "g.Dockerfile"},
            "restart": "unless-stopped",
            "healthcheck": {"test": ["CMD", "true"]},
        },
        "worker": {"profiles": ["cpu", "gpu"], "image": "our/gateway:1", "restart": "unless-stopped"},
        "migrate": {
            "profiles": ["cpu", "gpu"],
            "image": "our/gateway:1",
            "restart": "no",
            "healthcheck": {"disable": True},
        },
        "triton-gpu": {"profiles": ["gpu"], "image": "our/triton:1", "build": {"dockerfile": "t.Dockerfile"}},
        "db": {"profiles": ["cpu"], "image": "postgres:18", "restart": "unless-stopped"},
        "prometheus": {"profiles": ["observability"], "image": "prom/prometheus:v3", "restart": "unless-stopped"},
    }
}


def test_a_profile_starts_its_services_and_those_that_are_named() -> None:
    services = compose_file.chosen(CONFIG, ["cpu"], ["prometheus"])
    assert list(services) == ["gateway", "worker", "migrate", "db", "prometheus"]
    assert compose_file.images_to_build(services) == (Image("our/gateway:1", "g.Dockerfile"),)
    assert compose_file.images_of_others(services) == ("postgres:18", "prom/prometheus:v3")
    assert compose_file.checked_by_the_engine(services) == ("gateway",)
    assert compose_file.lasting(services) == ("gateway", "worker", "db", "prometheus")
    with pytest.raises(KeyError):
        compose_file.chosen(CONFIG, ["cpu"], ["no_such_service"])


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        ("busybox:1.37", "docker.io/library/busybox:1.37"),
        ("turnstile/gateway:0.1.0", "docker.io/turnstile/gateway:0.1.0"),
        ("nvcr.io/nvidia/tritonserver:26.11-py3", "nvcr.io/nvidia/tritonserver:26.11-py3"),
        ("localhost/one", "localhost/one"),
        ("registry:5000/one", "registry:5000/one"),
    ],
)
def test_a_name_gets_its_registry(name: str, whole: str) -> None:
    assert compose_file.qualified(name) == whole


def test_docker_and_podman_build_with_the_same_command() -> None:
    secrets = {"ca": Path("/etc/bundle.crt")}
    docker, podman = (Engine(name, ("compose",), secrets=secrets) for name in ("docker", "podman"))
    expected = ["--secret=id=ca,src=/etc/bundle.crt", "--file=a.Dockerfile", "--tag=docker.io/our/a:1", "."]
    assert docker.build_command("a.Dockerfile", "our/a:1") == ["docker", "build", "--network=host", *expected]
    whole = ["podman", "build", "--network=host", "--format=docker", *expected]
    assert podman.build_command("a.Dockerfile", "our/a:1") == whole
    stage = podman.build_command("a.Dockerfile", "our/a:1", "web", pull=False)
    assert {"--target=web", "--pull=never"} < set(stage)


def test_compose_reads_the_file_of_this_checkout_with_variables_of_its_own() -> None:
    command = compose_command(("docker", "compose"), "check", Path("/tmp/stack.env"))  # noqa: S108 - a name only
    assert command[:2] == ["docker", "compose"]
    assert command[command.index("--project-name") + 1] == "check"
    assert command[command.index("--env-file") + 1] == "/tmp/stack.env"  # noqa: S108
    assert Path(command[command.index("--file") + 1]).is_file()


def test_a_nested_podman_keeps_everything_in_its_folder(tmp_path: Path) -> None:
    environ = nested_environ(tmp_path)
    assert f'graphroot = "{tmp_path}/storage"' in Path(environ["CONTAINERS_STORAGE_CONF"]).read_text()
    assert f'network_config_dir = "{tmp_path}/networks"' in Path(environ["CONTAINERS_CONF"]).read_text()


def test_every_stand_in_is_a_stage_and_an_unknown_image_is_refused(tmp_path: Path) -> None:
    stages = set(re.findall(r"^FROM .* AS (\w+)$", (ROOT / DOCKERFILE).read_text(), re.MULTILINE))
    assert set(TARGETS.values()) <= stages
    with pytest.raises(CheckFailed, match="no stand-in for grafana/grafana:1"):
        build_bases(Engine("podman", ()), tmp_path, ("grafana/grafana:1",))
    assert bootstrap_command(tmp_path / "d.tar")[-2:] == ["bookworm", str(tmp_path / "d.tar")]


HARDENED = """Uid:\t10001\t10001\t10001\t10001
CapPrm:\t0000000000000000
CapEff:\t0000000000000000
CapBnd:\t0000000000000000
NoNewPrivs:\t1
root: read-only
"""


def test_a_hardened_container_has_no_finding() -> None:
    assert findings(HARDENED) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("Uid:\t10001\t10001\t10001\t10001", "Uid:\t0\t0\t0\t0"),
        ("Uid:\t10001\t10001", "Uid:\t10001\t0"),
        ("CapEff:\t0000000000000000", "CapEff:\t00000000a80425fb"),
        ("CapBnd:\t0000000000000000", "CapBnd:\t0000000000000400"),
        ("NoNewPrivs:\t1", "NoNewPrivs:\t0"),
        ("root: read-only\n", ""),
        (HARDENED, "root: read-only\n"),
    ],
)
def test_a_container_that_is_not_hardened_has_one(right: str, wrong: str) -> None:
    assert findings(HARDENED.replace(right, wrong)) != []


def test_the_report_keeps_a_step_that_failed(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report({"our/gateway:1": 312.4})
    with report.step("started") as seen:
        seen.append("two services")
    with pytest.raises(CheckFailed), report.step("screened"):
        raise CheckFailed("no")
    assert [(name, outcome) for name, _, outcome in report.steps] == [
        ("started", "two services"),
        ("screened", "failed"),
    ]
    assert "| `our/gateway:1` | 312 |" in report.text()
    assert "== screened" in capsys.readouterr().out


def test_a_folder_becomes_a_zip_and_a_zip_stays_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "1.dcm").write_bytes(b"one")
    made = study_to_screen(tmp_path / "study", tmp_path / "made.zip")
    assert zipfile.ZipFile(made).namelist() == ["1.dcm"]
    assert study_to_screen(made, tmp_path / "other.zip") == made

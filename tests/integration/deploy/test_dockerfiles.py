"""The Dockerfiles pass hadolint, copy existing files, and start nothing as root."""

import subprocess
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.integration.deploy.dockerfiles import DOCKERFILES, ROOT, Step, steps
from tests.integration.deploy.tools import in_this_environment

every_dockerfile = pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.stem)


@every_dockerfile
def test_hadolint_has_no_findings(dockerfile: Path) -> None:
    said = subprocess.run([in_this_environment("hadolint"), dockerfile], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (0, "")


@every_dockerfile
def test_what_is_copied_is_in_the_tree_and_in_the_context(dockerfile: Path) -> None:
    sources = [source for step in steps(dockerfile) if step.from_the_tree for source in step.words[:-1]]
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert [source for source in sources if not _in_context(source)] == []


def test_the_context_leaves_out_what_may_be_secret_or_a_study() -> None:
    assert not any(map(_in_context, (".env", ".git", "runs", "out", "docker-compose.yml", "tests")))


@every_dockerfile
def test_the_last_stage_is_unprivileged_and_has_a_health_check(dockerfile: Path) -> None:
    last = [step for step in steps(dockerfile) if step.stage == steps(dockerfile)[-1].stage]
    (user,) = _values(last, "USER")
    assert int(user.partition(":")[0]) >= 1000, "Kubernetes proves runAsNonRoot by a number alone"
    assert len(_values(last, "HEALTHCHECK")) == 1


@every_dockerfile
def test_every_base_has_a_version(dockerfile: Path) -> None:
    defaults = dict(step.value.split("=", 1) for step in steps(dockerfile) if step.instruction == "ARG")
    bases = [step.words[0].strip("${}") for step in steps(dockerfile) if step.instruction == "FROM"]
    for base in (defaults.get(base, base) for base in bases):
        assert ":" in base, f"{base} has no tag"
        assert not base.endswith(":latest")


@pytest.mark.parametrize("name", ["gateway", "trainer"])
def test_the_last_stage_installs_nothing(name: str) -> None:
    every = steps(ROOT / "deploy" / f"{name}.Dockerfile")
    lines = [step.value for step in every if step.stage == every[-1].stage and step.instruction == "RUN"]
    assert not any(tool in line for line in lines for tool in ("pip", "apt", "npm", "gcc"))


def _values(wanted: list[Step], instruction: str) -> list[str]:
    return [step.value for step in wanted if step.instruction == instruction]


def _in_context(path: str) -> bool:
    """Whether .dockerignore lets the path through: the last pattern that fits it decides."""
    patterns = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    kept = True
    for pattern in patterns:
        name = pattern.removeprefix("!")
        if pattern and not pattern.startswith("#") and any(fnmatch(parent, name) for parent in _and_parents(path)):
            kept = pattern.startswith("!")
    return kept


def _and_parents(path: str) -> list[str]:
    return [path, *(str(parent) for parent in Path(path).parents if str(parent) != ".")]

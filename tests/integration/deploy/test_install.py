"""The install steps of the Dockerfiles without a container engine: the same files and commands in another root."""

import os
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.integration.deploy.dockerfiles import ROOT, commands, copy_tree


@pytest.fixture(scope="module", params=["gateway", pytest.param("trainer", marks=pytest.mark.heavy)])
def root(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build stage's working directory after its COPY steps and its last install; `opt` is its /opt/turnstile."""
    name = str(request.param)
    folder = tmp_path_factory.mktemp("root") / name
    copy_tree(_dockerfile(name), "build", folder)
    venv.create(folder / "opt", with_pip=True)
    (packages,) = (folder / "opt").glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))  # not installed again, to save time
    (install,) = [line for line in commands(_dockerfile(name), "build") if "--no-deps" in line]
    _run(install.replace("pip install", "pip install --quiet"), folder)
    return folder


def test_the_image_has_all_the_code_that_it_starts(root: Path) -> None:
    for entry in _ENTRIES[root.name]:
        assert _run(f"cd / && {root}/opt/bin/{entry}", root)


@pytest.mark.heavy
def test_the_gateways_pins_fit_together_and_need_no_compiler(tmp_path: Path) -> None:
    """The trainer's are installed for real before any test runs: do.py takes the same constraints and extra."""
    copy_tree(_dockerfile("gateway"), "build", tmp_path)
    venv.create(tmp_path / "opt", with_pip=True)
    (install,) = [line for line in commands(_dockerfile("gateway"), "build") if "--constraint" in line]
    assert "--only-binary=:all:" in install
    _run(install.replace("pip install", "pip install --quiet --dry-run"), tmp_path)


def test_the_page_is_built_by_the_lock_file() -> None:
    assert commands(_dockerfile("gateway"), "web") == ["npm install --no-save --no-audit --no-fund", "npm run build"]


_ENTRIES = {
    "gateway": ("turnstile --version", "turnstile doctor --help", "turnstile settings"),
    "trainer": ("python -m training --help", "python -m export --help"),
}


def _dockerfile(name: str) -> Path:
    return ROOT / "deploy" / f"{name}.Dockerfile"


def _run(line: str, root: Path) -> str:
    line = line.replace("/opt/turnstile", str(root / "opt"))
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(["/bin/sh", "-ec", line], cwd=root, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{line}\n{done.stdout[-1000:]}\n{done.stderr[-2000:]}"
    return done.stdout

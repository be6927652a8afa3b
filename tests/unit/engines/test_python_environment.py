import platform
import sys
from pathlib import Path

import pytest

from engines import python_environment
from engines.errors import EnvironmentNotBuilt, PlatformUnsupported
from engines.python_environment import check_platform, engine_environment, environment_stamp, inspect_interpreter


def test_this_platform_is_supported() -> None:
    check_platform()


@pytest.mark.parametrize(
    ("name", "value"),
    [("machine", "riscv64"), ("libc_ver", ("glibc", "2.31")), ("libc_ver", ("", ""))],
    ids=["processor", "old glibc", "musl"],
)
def test_on_other_platforms_the_error_names_triton_url(
    monkeypatch: pytest.MonkeyPatch, name: str, value: object
) -> None:
    monkeypatch.setattr(platform, name, lambda: value)
    with pytest.raises(PlatformUnsupported, match="--triton-url") as error:
        check_platform()
    assert error.value.code == "engine_platform_unsupported"


def test_a_python_without_numpy_1_wheels_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 14, 0))
    with pytest.raises(PlatformUnsupported, match=r"3\.11 or 3\.12"):
        check_platform()


def test_the_stamp_changes_with_the_requirements(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = environment_stamp()
    other = tmp_path / "requirements.txt"
    other.write_text("numpy==1.26.3\n")
    monkeypatch.setattr(python_environment, "REQUIREMENTS", other)

    assert environment_stamp() != before


def test_requirements_are_pinned_and_name_no_index() -> None:
    lines = [line for line in python_environment.REQUIREMENTS.read_text().splitlines() if not line.startswith("#")]
    assert lines
    assert all(line.count("==") == 1 and "/" not in line for line in lines)


def test_without_an_index_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TURNSTILE_ENGINE_PYTHON", raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "no-wheels"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")

    with pytest.raises(EnvironmentNotBuilt, match="TURNSTILE_ENGINE_PYTHON"):
        engine_environment(tmp_path)

    assert not list(tmp_path.glob("engine-*/"))


def test_an_interpreter_without_triton_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TURNSTILE_ENGINE_PYTHON", sys.executable)
    with pytest.raises(EnvironmentNotBuilt, match="has no nvidia-pytriton"):
        engine_environment(tmp_path)


def test_an_interpreter_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentNotBuilt, match="No such file"):
        inspect_interpreter(tmp_path / "python")

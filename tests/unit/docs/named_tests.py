"""Tests and files as the documentation names them: `docs/api.md`, `test_logs.py`, `auth/test_sign_in.py::test_x`."""

import ast
from functools import cache
from pathlib import Path

from tests.unit.docs.markdown import ROOT


def exists(name: str) -> bool:
    """Whether there is exactly one such file, by its path or by the end of its path below tests/, with the function."""
    path, _, function = name.partition("::")
    files = [ROOT / path] if (ROOT / path).is_file() else _test_files_ending_with(path)
    return len(files) == 1 and (not function or function in _names_in(files[0]))


def _test_files_ending_with(path: str) -> list[Path]:
    return [file for file in _test_files() if file.as_posix().endswith(f"/{path}")]


@cache
def _test_files() -> list[Path]:
    return sorted((ROOT / "tests").rglob("*.py"))


@cache
def _names_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}

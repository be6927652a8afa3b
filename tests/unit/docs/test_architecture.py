"""docs/architecture.md names functions and modules that exist, with the parameters and types of the source."""

import ast
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.unit.docs.markdown import ROOT, read_page

PAGE = read_page(Path("docs/architecture.md"))
SIGNATURE = re.compile(r"^# (\S+)\n(async )?def ([\w.]+)\((.*)\) -> (.+)$")

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Step(NamedTuple):
    """A function of the walk as the page writes it; `name` is `function` or `Class.method`."""

    file: str
    is_async: bool
    name: str
    parameters: str
    returns: str


def _steps() -> list[Step]:
    found = [SIGNATURE.match(body.strip()) for language, body in PAGE.code_blocks if language == "python"]
    return [Step(one[1], one[2] is not None, one[3], one[4], one[5]) for one in found if one]


def test_the_walk_has_ten_steps() -> None:
    assert len([language for language, _ in PAGE.code_blocks if language == "python"]) == 10
    assert len(_steps()) == 10


@pytest.mark.parametrize("step", _steps(), ids=lambda step: step.name)
def test_each_step_is_in_its_file_with_its_signature(step: Step) -> None:
    function = _function(ROOT / step.file, step.name)
    parameters = [one for one in (*function.args.args, *function.args.kwonlyargs) if one.arg not in {"self", "cls"}]
    assert (
        ", ".join(f"{one.arg}: {ast.unparse(one.annotation or ast.Constant(None))}" for one in parameters)
        == step.parameters
    )
    assert function.returns is not None
    assert ast.unparse(function.returns) == step.returns
    assert isinstance(function, ast.AsyncFunctionDef) == step.is_async


def test_every_named_file_and_folder_exists() -> None:
    paths = set(
        re.findall(
            r"`((?:screening|gateway|engines|training|export|web|tests|deploy|helm|benchmarks)/[\w./-]*)`", PAGE.text
        )
    )
    assert len(paths) > 30
    assert {path for path in paths if not _exists(path)} == set()


def test_every_named_method_exists() -> None:
    named = re.findall(r"`([\w/]+\.py)` [^`]*\(`(\w+\.\w+)`\)", " ".join(PAGE.prose.split()))
    assert len(named) == 3
    for file, name in named:
        assert _function(ROOT / file, name)


def test_the_table_lists_every_module_of_the_gateway() -> None:
    listed = [row[0].strip("`") for row in PAGE.rows if row[0].startswith("`gateway/") and len(row) == 2]
    folder = ROOT / "gateway"
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert sorted(listed) == sorted(f"gateway/{name}" for name in packages | modules)


def test_the_table_has_the_order_that_import_linter_checks() -> None:
    listed = [
        row[0].strip("`").replace("/", ".") for row in PAGE.rows if row[0].startswith("`gateway/") and len(row) == 2
    ]
    configuration = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    layers = re.findall(r'^    "(gateway[\w. |]*)",$', configuration, re.MULTILINE)
    rank = {module: at for at, layer in enumerate(layers) for module in layer.split(" | ")}
    assert [rank[module] for module in listed] == sorted(rank[module] for module in listed)


def _function(file: Path, name: str) -> Function:
    body: list[ast.stmt] = ast.parse(file.read_text(encoding="utf-8")).body
    *classes, last = name.split(".")
    for part in classes:
        body = next(node.body for node in body if isinstance(node, ast.ClassDef) and node.name == part)
    return next(node for node in body if isinstance(node, Function) and node.name == last)


def _exists(path: str) -> bool:
    return (ROOT / path).exists() or (ROOT / f"{path}.py").is_file()

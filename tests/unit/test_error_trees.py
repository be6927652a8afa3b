"""The error tree drawn in a module's docstring is the tree of its classes, with their codes and statuses."""

import inspect
import re
from types import ModuleType
from typing import Any, NamedTuple

import pytest

import engines.errors
import gateway.analyses.errors
import gateway.backups.errors
import gateway.errors
import gateway.pacs.archives.errors
import screening.errors

LINE = re.compile(r"^ {4}((?:│   |    )*)(?:├── |└── )(\w+)(.*)$", re.MULTILINE)
TREES = [
    screening.errors,
    gateway.errors,
    gateway.analyses.errors,
    gateway.backups.errors,
    engines.errors,
    gateway.pacs.archives.errors,
]


class Drawn(NamedTuple):
    """One line of a drawn tree."""

    name: str
    parent: str
    words: list[str]


@pytest.mark.parametrize("module", TREES, ids=lambda module: module.__name__)
def test_every_class_is_drawn_below_its_parent(module: ModuleType) -> None:
    drawn = {line.name: line.parent for line in _drawn(module)}
    assert len(drawn) >= 3
    assert drawn == {name: kind.__base__.__name__ for name, kind in _classes(module).items() if name in drawn}
    assert set(_classes(module)) - set(drawn) <= {_root(module)}


@pytest.mark.parametrize("module", TREES, ids=lambda module: module.__name__)
def test_every_leaf_is_drawn_with_its_code_and_status(module: ModuleType) -> None:
    classes = _classes(module)
    parents = {line.parent for line in _drawn(module)}
    for name, _, words in _drawn(module):
        if name in parents and classes[name].code not in words:
            continue  # a branch that is never raised itself may stand without its code
        assert words[0] == classes[name].code
        if hasattr(classes[name], "status") and words[1].isdigit():
            assert int(words[1]) == classes[name].status


@pytest.mark.parametrize(
    "module", [screening.errors, gateway.errors, gateway.analyses.errors], ids=lambda module: module.__name__
)
def test_every_error_of_an_http_tree_is_drawn_with_a_status(module: ModuleType) -> None:
    parents = {line.parent for line in _drawn(module)}
    leaves = [line for line in _drawn(module) if line.name not in parents]
    assert leaves
    assert all(line.words[1].isdigit() for line in leaves)


def test_codes_are_unique() -> None:
    codes = [line.words[0] for module in TREES for line in _drawn(module) if line.words and "_" in line.words[0]]
    assert len(codes) > 50
    repeated = {code for code in codes if codes.count(code) > 1}
    assert repeated == set()


def _drawn(module: ModuleType) -> list[Drawn]:
    path = [_root(module)]
    lines = []
    for indent, name, rest in LINE.findall(module.__doc__ or ""):
        depth = len(indent) // 4
        del path[depth + 1 :]
        lines.append(Drawn(name, path[-1], rest.split()))
        path.append(name)
    return lines


def _root(module: ModuleType) -> str:
    root = re.search(r"^ {4}(\w+)$", module.__doc__ or "", re.MULTILINE)
    assert root
    return root[1]


def _classes(module: ModuleType) -> dict[str, Any]:
    """The errors that the module defines, by name."""
    found = inspect.getmembers(module, inspect.isclass)
    return {name: kind for name, kind in found if kind.__module__ == module.__name__}

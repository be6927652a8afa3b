"""No module, package or public class has a word in its name that the glossary forbids; no prose has a forbidden phrase.

Prose is the documentation, the English texts of the page, and comments, docstrings and texts in the source.
"""

import ast
import json
import re
import tokenize
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Final

import pytest

from tests.unit.docs.markdown import ROOT, read_page

GLOSSARY: Final = Path("docs/glossary.md")
NAMES: Final = frozenset(re.findall(r"`(\w+)`", " ".join(row[2] for row in read_page(GLOSSARY).rows)))
PHRASES: Final = frozenset(re.findall(r'"([^"]+)"', " ".join(row[2] for row in read_page(GLOSSARY).rows)))


PACKAGES: Final = ("benchmarks", "deploy", "engines", "export", "gateway", "screening", "training")
MODULES: Final = [file for package in (*PACKAGES, "tests") for file in (ROOT / package).rglob("*.py")]
PAGE_FILES: Final = [file for file in (ROOT / "web" / "src").rglob("*") if file.suffix in {".ts", ".tsx", ".css"}]
DOCUMENTATION: Final = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "benchmarks" / "README.md"]
PAGE_TEXTS: Final = list(ROOT.glob("web/src/shared/i18n/en/*.json"))


def test_the_glossary_gives_each_term_once_with_a_meaning() -> None:
    terms = [row[0] for row in read_page(GLOSSARY).rows]
    assert len(terms) > 80
    assert len(terms) == len(set(terms))
    assert all(row[1] for row in read_page(GLOSSARY).rows)


def test_the_checks_find_what_they_look_for() -> None:
    assert list(_forbidden_words(["gateway", "RateLimit", "HouseRules", "shelf_life"])) == ["HouseRules", "shelf_life"]
    assert _phrases_in("What the house does. A deed\nof Whoever asks, but not the households'.") == [
        "deed",
        "the house",
        "whoever",
    ]


def test_no_module_or_package_is_named_by_a_forbidden_word() -> None:
    parts = {part for file in MODULES + PAGE_FILES for part in file.relative_to(ROOT).with_suffix("").parts}
    assert "gateway" in parts
    assert sorted(_forbidden_words(parts)) == []


@pytest.mark.parametrize("package", [*PACKAGES, "tests"])
def test_no_public_class_is_named_by_a_forbidden_word(package: str) -> None:
    classes = {name for file in MODULES if file.is_relative_to(ROOT / package) for name in _public_classes(file)}
    assert classes
    assert sorted(_forbidden_words(classes)) == []


@pytest.mark.parametrize("page", DOCUMENTATION, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_page_of_the_documentation_uses_a_forbidden_phrase(page: Path) -> None:
    if page == ROOT / GLOSSARY:
        pytest.skip("it lists the phrases")
    assert _phrases_in(re.sub(r"`[^`\n]*`", "", read_page(page).prose)) == []


@pytest.mark.parametrize("file", PAGE_TEXTS, ids=lambda file: file.name)
def test_no_text_of_the_web_page_uses_a_forbidden_phrase(file: Path) -> None:
    texts = list(_leaves(json.loads(file.read_text(encoding="utf-8"))))
    assert texts
    assert _phrases_in("\n".join(texts)) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_comment_docstring_or_text_of_the_source_uses_a_forbidden_phrase(package: str) -> None:
    files = [file for file in MODULES if file.is_relative_to(ROOT / package)]
    assert files
    found = {file.relative_to(ROOT).as_posix(): _phrases_in(_prose_of(file)) for file in files}
    assert {file: phrases for file, phrases in found.items() if phrases} == {}


def _forbidden_words(names: Iterator[str] | list[str] | set[str]) -> Iterator[str]:
    """The names that have a forbidden word of snake_case, kebab-case or CamelCase."""
    for name in names:
        words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)
        if {word.lower() for word in words} & NAMES:
            yield name


def _phrases_in(text: str) -> list[str]:
    """The forbidden phrases of a text, line breaks and case aside."""
    flat = " ".join(re.sub(r"^\s*(#|\*|//)\s?", "", line) for line in text.splitlines()).lower()
    flat = re.sub(r"\s+", " ", flat)
    return sorted(phrase for phrase in PHRASES if re.search(rf"(?<![\w-]){re.escape(phrase)}(?!\w)", flat))


def _prose_of(file: Path) -> str:
    """Comments, and string literals of more than one word, which are docstrings and texts."""
    source = file.read_text(encoding="utf-8")
    comments = [
        one.string for one in tokenize.generate_tokens(StringIO(source).readline) if one.type == tokenize.COMMENT
    ]
    constants = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    return "\n".join([*comments, *(text for text in constants if isinstance(text, str) and " " in text.strip())])


def _public_classes(file: Path) -> list[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]


def _leaves(tree: dict[str, object] | str) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
        return
    for value in tree.values():
        yield from _leaves(value if isinstance(value, dict) else str(value))

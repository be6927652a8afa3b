"""The Dockerfiles as the tests read them: instructions by stage, and the files that their COPY steps name."""

import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILES = sorted((ROOT / "deploy").glob("*.Dockerfile"))


@dataclass(frozen=True)
class Step:
    """One instruction; `stage` is the name that FROM gives, or its number."""

    stage: str
    instruction: str
    value: str

    @property
    def words(self) -> list[str]:
        """The value without its `--options`."""
        return [word for word in shlex.split(self.value) if not word.startswith("--")]

    @property
    def from_the_tree(self) -> bool:
        """Is it a COPY out of the checkout, not out of another stage?"""
        return self.instruction == "COPY" and "--from=" not in self.value


def steps(dockerfile: Path) -> tuple[Step, ...]:
    """Every instruction, its continued lines joined."""
    return tuple(_steps(dockerfile.read_text("utf-8")))


def copy_tree(dockerfile: Path, stage: str, root: Path) -> None:
    """Do what the stage's COPY steps do, into `root` in place of its working directory."""
    for step in steps(dockerfile):
        if step.stage == stage and step.from_the_tree:
            *sources, target = step.words
            for source in sources:
                _copy(ROOT / source, root / target)


def commands(dockerfile: Path, stage: str) -> list[str]:
    """The shell lines of the stage's RUN steps, without mounts of caches and secrets."""
    return [
        re.sub(r"^(--mount=\S+ )+", "", step.value)
        for step in steps(dockerfile)
        if step.stage == stage and step.instruction == "RUN"
    ]


def _steps(text: str) -> Iterator[Step]:
    stage, count = "", 0
    lines = (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        instruction, _, value = line.strip().partition(" ")
        if instruction == "FROM":
            _, named, name = value.partition(" AS ")
            stage, count = name if named else str(count), count + 1
        yield Step(stage, instruction, " ".join(value.split()))


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(
            source, target, ignore=shutil.ignore_patterns("__pycache__", "node_modules"), dirs_exist_ok=True
        )
    else:
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)

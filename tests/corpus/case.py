"""One entry of the corpus, and the words planted in it that nobody may see again."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

Builder = Callable[[Path], Path]
"""Writes into an empty folder; returns the path to screen."""

PLANTED: Final = "Zebulon"
"""Stands in every patient name, patient identifier, description, file and member name of the corpus."""


@dataclass(frozen=True)
class Refused:
    """An upload that must be refused with this code and this HTTP status."""

    name: str
    build: Builder
    code: str
    status: int = 422


@dataclass(frozen=True)
class Accepted:
    """An unusual upload that must get the verdict of the clean study, with this warning where there is one."""

    name: str
    build: Builder
    warning: str | None = None


Case = Refused | Accepted

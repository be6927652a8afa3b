"""The types of the corpus: an upload that must be refused or accepted, and the word that must never be logged."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

Builder = Callable[[Path], Path]
"""Writes into an empty folder; returns the path to screen."""

PLANTED: Final = "Zebulon"
"""A marker in every patient's name and identifier, description, file and member name: none may appear in output."""


@dataclass(frozen=True)
class Refused:
    """An upload that must be refused with this code and this HTTP status."""

    name: str
    build: Builder
    code: str
    status: int = 422


@dataclass(frozen=True)
class Accepted:
    """An unusual upload that must get the verdict of the clean study, and this warning if there is one."""

    name: str
    build: Builder
    warning: str | None = None
    same_uids: bool = True


Case = Refused | Accepted

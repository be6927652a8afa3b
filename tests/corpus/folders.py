"""Folders with entries that must not be followed or opened; only the command line accepts folders."""

import os
from pathlib import Path

from tests.corpus.case import PLANTED, Builder
from tests.corpus.clean_study import clean_files


def chest_in(folder: Path) -> Path:
    """The clean study as a folder."""
    study = folder / PLANTED
    study.mkdir()
    for number, content in enumerate(clean_files()):
        (study / f"{number:04}.dcm").write_bytes(content)
    return study


def empty(folder: Path) -> Path:
    study = folder / PLANTED
    study.mkdir()
    return study


def with_link_to(target: str) -> Builder:
    """The clean study and a symbolic link."""

    def build(folder: Path) -> Path:
        study = chest_in(folder)
        (study / "link.dcm").symlink_to(target)
        return study

    return build


def with_pipe(folder: Path) -> Path:
    """The clean study and a named pipe without a writer: opening it blocks forever."""
    study = chest_in(folder)
    os.mkfifo(study / "pipe.dcm")
    return study


def with_hidden_files(folder: Path) -> Path:
    """The clean study and the hidden files of desktop systems."""
    study = chest_in(folder)
    (study / ".DS_Store").write_bytes(b"\x00\x00\x00\x01Bud1")
    (study / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0" * 100)
    return study

"""File names in the report of a mass run."""

import os
from pathlib import Path

import pytest

from gateway.mass_runs.run import escaped_path


@pytest.mark.parametrize(
    ("name", "written"),
    [
        (b"study 1.zip", "study 1.zip"),
        ("Зуев.zip".encode(), "Зуев.zip"),
        (b"\xff.zip", r"\udcff.zip"),
        (b"a.zip\r/b.zip,1.2.3,,0.01,0,Success", r"a.zip\r/b.zip,1.2.3,,0.01,0,Success"),
        ("\u202epiz.a".encode(), r"\u202epiz.a"),
    ],
)
def test_a_name_can_always_be_written(name: bytes, written: str) -> None:
    assert escaped_path(Path(os.fsdecode(name))) == written

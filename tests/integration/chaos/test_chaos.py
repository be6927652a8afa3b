"""Two institutions at work while everything that can go wrong goes wrong, one trouble after another.

`python3 do.py chaos` does the same for longer, in an order of its own (`--chaos-minutes`, `--chaos-seed`).
"""

from pathlib import Path

import pytest

from tests.integration.chaos.conftest import Length
from tests.integration.chaos.promises import ScreenedFile
from tests.integration.chaos.work_in_trouble import TroubledService, assert_kept, screened, work_in_trouble

pytestmark = pytest.mark.heavy


def test_every_promise_is_kept(troubled: TroubledService, paths: list[Path], length: Length) -> None:
    tokens = troubled.tokens()
    outcomes = screened(troubled.service, tokens["alpha"], paths)
    files = [ScreenedFile(path, frozenset({outcome})) for path, outcome in zip(paths, outcomes, strict=True)]
    promises = work_in_trouble(troubled, tokens, files, length.minutes, length.seed)
    assert_kept(troubled, tokens, promises)

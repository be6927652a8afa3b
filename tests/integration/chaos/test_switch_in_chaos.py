"""Two institutions at work while networks are switched, and the processes that do it are killed in the middle."""

from pathlib import Path

import pytest

from tests.integration.chaos.conftest import Length
from tests.integration.chaos.promises import ScreenedFile
from tests.integration.chaos.restores import Restores
from tests.integration.chaos.switching_up import SwitchingUp, switch_troubles
from tests.integration.chaos.work_in_trouble import TroubledService, assert_kept, screened, work_in_trouble
from tests.postgres import RunningPostgres

pytestmark = pytest.mark.heavy


def test_no_switch_breaks_a_promise(
    switching: SwitchingUp, paths: list[Path], length: Length, postgres: RunningPostgres, tmp_path: Path
) -> None:
    service = switching.service
    restores = Restores(service, postgres, tmp_path / "archive", tmp_path / "restored")
    folders = (service.blobs, service.blobs.with_name("scratch"), switching.home / "data")
    troubled = TroubledService(service, switch_troubles(switching), folders, restores)
    tokens = troubled.tokens()
    first = screened(service, tokens["alpha"], paths)
    switching.switch_surely()
    second = screened(service, tokens["alpha"], paths)
    both = zip(paths, first, second, strict=True)
    files = [ScreenedFile(path, frozenset({one, two})) for path, one, two in both]
    assert all(len(file.outcomes) == 2 for file in files[:-1]), "of a study the model card is known"
    promises = work_in_trouble(troubled, tokens, files, length.minutes, length.seed)
    print(f"switches: {dict(switching.ended)}")  # noqa: T201 - a figure of docs/operations.md
    assert_kept(troubled, tokens, promises)
    outcomes = []
    for _ in switching.repositories:
        switching.switch_surely()
        outcomes.append(screened(service, tokens["alpha"], paths))
    assert first in outcomes
    assert second in outcomes
    switching.assert_nothing_is_left()

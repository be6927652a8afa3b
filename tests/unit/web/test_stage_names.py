"""Every stage whose time the service reports has a name in both languages of the page."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
RECORDED = re.compile(r"""(?:_stage|\.stage)\(\s*"(\w+)\"""")


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_recorded_stage_has_a_name(language: str) -> None:
    sources = [path for folder in ("gateway", "screening") for path in (ROOT / folder).rglob("*.py")]
    recorded = {name for path in sources for name in RECORDED.findall(path.read_text("utf-8"))}
    assert {"decode", "inference", "test_time_inference", "expert_queue", "queue"} <= recorded  # the search finds them
    words = json.loads((ROOT / f"web/src/shared/i18n/{language}/medicine.json").read_text("utf-8"))
    assert not recorded - words["stages"].keys()

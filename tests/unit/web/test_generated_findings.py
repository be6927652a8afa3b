"""The page's list of findings is the contract's: `web/src/shared/api/findings.ts` is generated and not stale."""

import runpy
from pathlib import Path

from screening.contract import FINDINGS

WEB = Path(__file__).resolve().parents[3] / "web"
SCRIPT = WEB / "generate_findings.py"


def test_the_committed_file_is_what_the_script_writes() -> None:
    generated = runpy.run_path(str(SCRIPT))["findings_module"]()
    assert (WEB / "src/shared/api/findings.ts").read_text(encoding="utf-8") == generated


def test_the_script_writes_every_finding_in_order() -> None:
    generated = runpy.run_path(str(SCRIPT))["findings_module"]()
    lines = [line.strip(' ",') for line in generated.splitlines() if line.startswith('  "')]
    assert lines == list(FINDINGS)

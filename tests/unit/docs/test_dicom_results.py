"""The table of codes in docs/dicom-results.md is that of the program."""

import re
from pathlib import Path

from gateway.result_objects.codes import FINDING_CODES, STATUSES, VERDICTS

PAGE = Path(__file__).parents[3] / "docs" / "dicom-results.md"
ROW = re.compile(r"^\| ([^|]+) \| (\w+), (\w+) \| ([^|]+) \|$", re.MULTILINE)


def test_every_code_is_listed_with_its_meaning() -> None:
    listed = {name: (value, scheme, meaning) for name, value, scheme, meaning in ROW.findall(PAGE.read_text())}
    named = {f"verdict `{verdict.value}`": code for verdict, code in VERDICTS.items()}
    named |= {f"finding `{status.value}`": code for status, code in STATUSES.items()}
    named |= FINDING_CODES
    assert listed == {name: (code.value, code.scheme_designator, code.meaning) for name, code in named.items()}

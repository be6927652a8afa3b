"""What no rule may be."""

from typing import Any

import pytest
from pydantic import ValidationError

from gateway.pacs.routing.rule import RuleTable

SCREEN = {"name": "a", "action": {"screen": True}}


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ([SCREEN, SCREEN], "two rules have the same name"),
        ([SCREEN | {"conditions": {"body_parts": ["HEAD"]}}], "Extra inputs are not permitted"),
        ([SCREEN | {"conditions": {"source": ["fax"]}}], "Input should be"),
        ([SCREEN | {"conditions": {"age_from": 40, "age_to": 39}}], "no patient is of an age"),
        ([SCREEN | {"conditions": {"sender": ["*" * 10_000]}}], "at most 200 characters"),
        ([{"name": "a", "action": {"screen": False, "urgent": True}}], "is not urgent"),
        ([{"name": "a", "action": {"screen": False, "destinations": []}}], "has no result to send"),
        ([{"name": "a", "conditions": {"source": ["upload"]}, "action": {"screen": False}}], "no rule prevents it"),
        ([{"name": "a", "action": {}}], "Field required"),
        ([{"name": str(number), "action": {"screen": True}} for number in range(201)], "at most 200 items"),
    ],
)
def test_a_table_with_a_wrong_rule_is_refused(rules: list[dict[str, Any]], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        RuleTable.model_validate({"rules": rules})


def test_a_table_is_the_same_after_it_was_written_as_json() -> None:
    table = RuleTable.model_validate({"rules": [SCREEN | {"conditions": {"sender": ["CT*", "CT*"]}}]})
    assert table.rules[0].conditions.sender == ("CT*",)
    assert RuleTable.model_validate_json(table.model_dump_json()) == table

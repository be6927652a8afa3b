"""Attributes of studies, and rules, written short."""

from typing import Any

from gateway.database.tables.scan_origins import Source
from gateway.pacs.routing.decision import StudyAttributes
from gateway.pacs.routing.rule import RoutingRule


def study(**attributes: Any) -> StudyAttributes:
    """A chest CT from the modality CT1, unless the test says another thing."""
    known: dict[str, Any] = {
        "source": Source.DIMSE,
        "sender": "CT1",
        "modalities": frozenset({"CT"}),
        "body_parts": frozenset({"CHEST"}),
        "stations": frozenset({"ROOM 3"}),
        "study_description": "Thorax nativ",
        "series_descriptions": ("Lung 1.0", "Scout"),
        "age_years": 61.4,
    }
    return StudyAttributes(**known | attributes)


def screened(name: str, *, urgent: bool = False, destinations: Any = None, **conditions: Any) -> RoutingRule:
    """A rule that screens."""
    action = {"screen": True, "urgent": urgent, "destinations": destinations}
    return RoutingRule.model_validate({"name": name, "conditions": conditions, "action": action})


def unscreened(name: str, **conditions: Any) -> RoutingRule:
    """A rule that does not screen."""
    return RoutingRule.model_validate({"name": name, "conditions": conditions, "action": {"screen": False}})

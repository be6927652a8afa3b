"""An audit event as a FHIR R4 AuditEvent (http://hl7.org/fhir/R4/auditevent.html)."""

from collections.abc import Mapping
from datetime import UTC
from types import MappingProxyType
from typing import Any, Final

from gateway.audit.hash_chain import Action, Link, Outcome

DCM: Final = "http://dicom.nema.org/resources/ontology/DCM"
EVENT_TYPES: Final = "http://terminology.hl7.org/CodeSystem/audit-event-type"
TURNSTILE: Final = "urn:turnstile:audit"
USER_AUTHENTICATION: Final = {"system": DCM, "code": "110114", "display": "User Authentication"}  # PS3.16 CID 400
EXPORT: Final = {"system": DCM, "code": "110106", "display": "Export"}
REST: Final = {"system": EVENT_TYPES, "code": "rest", "display": "RESTful Operation"}

# http://hl7.org/fhir/R4/valueset-audit-event-action.html
ACTIONS: Final[Mapping[Action, str]] = MappingProxyType(
    {
        Action.CREATE: "C",
        Action.READ: "R",
        Action.UPDATE: "U",
        Action.DELETE: "D",
        Action.EXECUTE: "E",
        Action.EXPORT: "R",
        Action.LOGIN: "E",
    }
)
# http://hl7.org/fhir/R4/valueset-audit-event-outcome.html: success, minor failure, serious failure
OUTCOMES: Final[Mapping[Outcome, str]] = MappingProxyType(
    {Outcome.SUCCESS: "0", Outcome.REFUSED: "4", Outcome.FAILURE: "8"}
)
TYPES: Final[Mapping[Action, Mapping[str, str]]] = MappingProxyType(
    {Action.LOGIN: USER_AUTHENTICATION, Action.EXPORT: EXPORT}
)
IP_ADDRESS: Final = "2"  # http://hl7.org/fhir/R4/valueset-network-type.html


def as_audit_event(link: Link) -> dict[str, Any]:
    """The event as a FHIR resource; its number and hashes are extensions of `source`."""
    event = link.event
    return {
        "resourceType": "AuditEvent",
        "id": f"turnstile-{link.seq}",
        "type": dict(TYPES.get(event.action, REST)),
        "subtype": [{"system": TURNSTILE, "code": event.action.value}],
        "action": ACTIONS[event.action],
        "recorded": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "outcome": OUTCOMES[event.outcome],
        "agent": [_agent(link)],
        "source": {
            "observer": {"display": "Turnstile", "identifier": {"system": TURNSTILE, "value": event.institution}},
            "extension": [
                {"url": f"{TURNSTILE}:seq", "valueString": str(link.seq)},
                {"url": f"{TURNSTILE}:previous-hash", "valueString": link.previous_hash},
                {"url": f"{TURNSTILE}:hash", "valueString": link.hash},
            ],
        },
        "entity": [_entity(link)],
    }


def _agent(link: Link) -> dict[str, Any]:
    event = link.event
    agent = {
        "requestor": event.request_id is not None,
        "who": {"identifier": {"system": TURNSTILE, "value": event.actor}},
        "role": [{"coding": [{"system": TURNSTILE, "code": event.role}]}],
        "type": {"coding": [{"system": TURNSTILE, "code": event.actor_kind}]},
    }
    return agent | ({"network": {"address": event.address, "type": IP_ADDRESS}} if event.address else {})


def _entity(link: Link) -> dict[str, Any]:
    event = link.event
    what: dict[str, Any] = {"identifier": {"system": f"{TURNSTILE}:{event.entity}", "value": event.entity_id or "list"}}
    detail = dict(event.detail) | ({"request_id": event.request_id} if event.request_id else {})
    details = [{"type": name, "valueString": _detail_text(value)} for name, value in sorted(detail.items())]
    return {"what": what, "type": {"system": TURNSTILE, "code": event.entity}} | (
        {"detail": details} if details else {}
    )


def _detail_text(value: Any) -> str:
    return " ".join(value) or "none" if isinstance(value, list) else str(value) or "none"

"""The Store Instances Response Module (PS3.18 I.2) in DICOM JSON (PS3.18 F): what became of the instances."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

FAILED_SOP_SEQUENCE: Final = "00081198"
REFERENCED_SOP_SEQUENCE: Final = "00081199"
FAILURE_REASON: Final = "00081197"
REFERENCED_SOP_INSTANCE_UID: Final = "00081155"
NO_REASON_GIVEN: Final = 0x0110  # processing failure


def failure_reason(answer: bytes) -> int | None:
    """The reason why the first instance was not stored; None when no failure is named, or it is no DICOM JSON."""
    for item in _items(answer, FAILED_SOP_SEQUENCE):
        value = _first(item, FAILURE_REASON)
        return value if isinstance(value, int) else NO_REASON_GIVEN
    return None


def lists_stored(answer: bytes, sop_instance_uid: str) -> bool:
    """Whether the answer names the instance as stored."""
    return any(
        _first(item, REFERENCED_SOP_INSTANCE_UID) == sop_instance_uid
        for item in _items(answer, REFERENCED_SOP_SEQUENCE)
    )


def may_be_of_service(answer: bytes, sop_instance_uid: str) -> bool:
    """Whether a DICOMweb service may say so: nothing, DICOM JSON, or another text that names the instance (XML)."""
    return not answer.strip() or isinstance(_json(answer), dict | list) or sop_instance_uid.encode() in answer


def _items(answer: bytes, sequence: str) -> Iterator[Mapping[str, Any]]:
    module = _json(answer)
    if isinstance(module, list):  # some services put it into a list
        module = module[0] if module else {}
    found = module.get(sequence) if isinstance(module, dict) else None
    value = found.get("Value") if isinstance(found, dict) else None
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            yield item


def _json(answer: bytes) -> Any:
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        return None


def _first(item: Mapping[str, Any], tag: str) -> Any:
    element = item.get(tag)
    value = element.get("Value") if isinstance(element, dict) else None
    return value[0] if isinstance(value, list) and value else None

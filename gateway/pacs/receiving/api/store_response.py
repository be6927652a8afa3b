"""The answer to a STOW-RS request in the DICOM JSON model (PS3.18 10.5.3, I.2, and F.2 for the encoding)."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from gateway.pacs.receiving.receiver import Outcome
from gateway.pacs.receiving.refusals import Status

MEDIA_TYPE: Final = "application/dicom+json"

_CLASS, _INSTANCE = "00081150", "00081155"  # Referenced SOP Class UID, Referenced SOP Instance UID
_RETRIEVE_URL, _WARNING_REASON, _FAILURE_REASON = "00081190", "00081196", "00081197"
_FAILED_SOPS, _REFERENCED_SOPS, _OTHER_FAILURES = "00081198", "00081199", "0008119A"


def http_status(outcomes: Sequence[Outcome]) -> HTTPStatus:
    """PS3.18 table 10.5.3-1: all stored; some refused, or stored with a warning; none stored."""
    if all(one.status is Status.SUCCESS for one in outcomes):
        return HTTPStatus.OK
    return HTTPStatus.ACCEPTED if any(one.is_stored for one in outcomes) else HTTPStatus.CONFLICT


def store_response(outcomes: Sequence[Outcome], studies_url: str | None) -> dict[str, Any]:
    """The data set that says what became of each instance; `studies_url` is where studies can be retrieved.

    A part of which no instance can be named is in Other Failures Sequence.
    """
    stored = [_stored_item(one, studies_url) for one in outcomes if one.is_stored]
    failed = [_failed_item(one) for one in outcomes if not one.is_stored and one.header is not None]
    unnamed = [_reason(one) for one in outcomes if not one.is_stored and one.header is None]
    studies = sorted({one.header.study_uid for one in outcomes if one.is_stored and one.header})
    answer: dict[str, Any] = {}
    if studies_url and len(studies) == 1:
        answer[_RETRIEVE_URL] = _element("UR", f"{studies_url}/{studies[0]}")
    for tag, items in ((_FAILED_SOPS, failed), (_REFERENCED_SOPS, stored), (_OTHER_FAILURES, unnamed)):
        if items:
            answer[tag] = _element("SQ", *items)
    return answer


def _stored_item(outcome: Outcome, studies_url: str | None) -> dict[str, Any]:
    item = _instance(outcome)
    if studies_url and (header := outcome.header):
        series_url = f"{studies_url}/{header.study_uid}/series/{header.series_uid}"
        item[_RETRIEVE_URL] = _element("UR", f"{series_url}/instances/{header.sop_uid}")
    if outcome.status is not Status.SUCCESS:
        item[_WARNING_REASON] = _element("US", int(outcome.status))
    return item


def _failed_item(outcome: Outcome) -> dict[str, Any]:
    return _instance(outcome) | _reason(outcome)


def _instance(outcome: Outcome) -> dict[str, Any]:
    header = outcome.header
    uids = (header.sop_class, header.sop_uid) if header else ("", "")
    return {_CLASS: _element("UI", uids[0]), _INSTANCE: _element("UI", uids[1])}


def _reason(outcome: Outcome) -> dict[str, Any]:
    return {_FAILURE_REASON: _element("US", int(outcome.status))}


def _element(vr: str, *values: object) -> dict[str, Any]:
    return {"vr": vr, "Value": list(values)}

"""Statuses of C-STORE, answers of STOW-RS, pauses: each by the standard, and none reads as stored by error."""

import json
from typing import Any

import pytest
from pynetdicom.status import STORAGE_SERVICE_CLASS_STATUS

from gateway.pacs.sending.faults import DETAILS, FaultCode
from gateway.pacs.sending.retry_policy import DOWN_PAUSES_S, JITTER, PAUSES_S, delivery_pause_s, destination_pause_s
from gateway.pacs.sending.store_status import Answer, meaning_of
from gateway.pacs.sending.stow_answer import NO_REASON_GIVEN, failure_reason, lists_stored

DAY_S = 86_400.0
UID = "2.25.7"


def test_every_status_of_the_standard_is_stored_if_and_only_if_it_is_no_failure() -> None:
    for status, (category, *_) in STORAGE_SERVICE_CLASS_STATUS.items():
        is_stored = meaning_of(status)[0] is Answer.STORED
        assert is_stored == (category in ("Success", "Warning") or status == 0x0111), hex(status)


def test_what_is_not_stored_has_a_code_and_unknown_statuses_are_tried_again() -> None:
    for status in range(0x10000):
        answer, code = meaning_of(status)
        assert (code is None) == (answer is Answer.STORED), hex(status)
    assert meaning_of(0xD123) == (Answer.LATER, FaultCode.ARCHIVE_ERROR)


def test_every_code_has_a_text() -> None:
    assert set(DETAILS) == set(FaultCode)


def answer_of(**sequences: Any) -> bytes:
    return json.dumps({tag.strip("_"): {"vr": "SQ", "Value": items} for tag, items in sequences.items()}).encode()


def test_the_reason_of_a_failure_is_read() -> None:
    failed = {"00081155": {"vr": "UI", "Value": [UID]}, "00081197": {"vr": "US", "Value": [0xA700]}}
    assert failure_reason(answer_of(_00081198=[failed])) == 0xA700
    assert failure_reason(b"[" + answer_of(_00081198=[failed]) + b"]") == 0xA700
    assert failure_reason(answer_of(_00081198=[{}])) == NO_REASON_GIVEN
    assert failure_reason(answer_of(_00081199=[failed])) is None


def test_an_instance_is_listed_as_stored() -> None:
    stored = answer_of(_00081199=[{"00081155": {"vr": "UI", "Value": [UID]}}])
    assert lists_stored(stored, UID)
    assert not lists_stored(stored, "2.25.8")


@pytest.mark.parametrize(
    "answer",
    [b"", b"<xml/>", b"null", b"[]", b"[[]]", b"3", b'{"00081198": 3}', b'{"00081198": {"Value": [1]}}', b"\xff"],
)
def test_an_answer_that_is_no_module_says_nothing(answer: bytes) -> None:
    assert failure_reason(answer) is None
    assert not lists_stored(answer, UID)


def test_pauses_grow_and_end_for_a_delivery_and_never_for_a_destination() -> None:
    pauses = [delivery_pause_s(failures) for failures in range(len(PAUSES_S))]
    assert all(low <= (pause or 0.0) <= low * (1 + JITTER) for low, pause in zip(PAUSES_S, pauses, strict=True))
    assert delivery_pause_s(len(PAUSES_S)) is None
    assert 0.7 * DAY_S < sum(PAUSES_S) < 1.2 * DAY_S
    assert destination_pause_s(10_000) <= DOWN_PAUSES_S[-1] * (1 + JITTER)

"""The header Prefer (RFC 7240)."""

import pytest

from gateway.http.prefer import Wait, preferred_wait


@pytest.mark.parametrize(
    ("sent", "wait"),
    [
        ([], Wait(60.0)),
        (["respond-async"], Wait(0.0, "respond-async")),
        (["Respond-Async"], Wait(0.0, "respond-async")),
        (["return=minimal, respond-async"], Wait(0.0, "respond-async")),
        (["return=minimal", "respond-async"], Wait(0.0, "respond-async")),
        (["respond-async, wait=10"], Wait(10.0, "respond-async, wait=10")),
        (['wait="10"; unit=s'], Wait(10.0, "wait=10")),
        (["wait=10, wait=20"], Wait(10.0, "wait=10")),
        (["wait=9999"], Wait(300.0, "wait=300")),
        (["wait=0"], Wait(0.0, "wait=0")),
        (["wait=soon"], Wait(60.0)),
        (["wait=-1"], Wait(60.0)),
        (["wait=" + "9" * 400], Wait(60.0)),
        (["wait=٣"], Wait(60.0)),
        (["not-respond-async"], Wait(60.0)),
    ],
)
def test_the_preferred_wait(sent: list[str], wait: Wait) -> None:
    assert preferred_wait(sent, default_s=60.0, longest_s=300.0) == wait

"""Archives that are down, refuse, abort, are silent or do not commit: nothing lost, nothing twice, the reason told."""

import threading
import time
from collections import Counter
from typing import Any

import pytest
from pydicom.dataset import Dataset

from gateway.result_objects.encoding import ObjectKind
from tests.integration.pacs.orthanc import free_ports, running_orthanc
from tests.integration.pacs.sending.outbox import Outbox
from tests.integration.pacs.sending.scripted_archive import (
    SUCCESS,
    commitment_of,
    report_on_the_same_association,
    scripted_archive,
)
from tests.integration.polling import until

KINDS = [ObjectKind.STRUCTURED_REPORT.value, ObjectKind.KEY_OBJECTS.value, ObjectKind.PRESENTATION_STATE.value]
SR_CLASS = "1.2.840.10008.5.1.4.1.1.88.33"  # Comprehensive SR


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """The schedule in seconds instead of hours."""
    monkeypatch.setattr("gateway.pacs.sending.retry_policy.PAUSES_S", (0.2,) * 6)
    monkeypatch.setattr("gateway.pacs.sending.retry_policy.DOWN_PAUSES_S", (0.2, 0.5))


def test_a_destination_that_is_down_holds_up_no_other_and_gets_its_results_later(outbox: Outbox, tmp_path: Any) -> None:
    port, http = free_ports(2)
    outbox.add_destination("down", port=port)
    with scripted_archive() as other:
        outbox.add_destination("up", port=other.port)
        scans = [outbox.add_result(["down", "up"]) for _ in range(3)]
        until(lambda: len(other.stored) == 3)
    down = outbox.destination("down")
    assert (down["error"], down["waiting"] + down["sending"]) == ("destination_unreachable", 3)
    assert down["down_since"] is not None
    waiting = outbox.deliveries(destination="down")
    assert {one["state"] for one in waiting} <= {"waiting", "sending"}
    with running_orthanc(tmp_path / "orthanc", ports=(port, http), DicomAet="ARCHIVE") as orthanc:
        for scan in scans:
            outbox.until_in_state(scan, "sent", count=2)
        assert len(orthanc.sop_instance_uids()) == 3
        assert outbox.destination("down")["down_since"] is None


@pytest.mark.parametrize("status", [0xB000, 0xB006, 0xB007, 0x0111], ids=hex)
def test_a_warning_and_a_duplicate_count_as_stored(outbox: Outbox, status: int) -> None:
    with scripted_archive(lambda _event, _number: status) as archive:
        name = f"warns {status:04x}"
        outbox.add_destination(name, port=archive.port)
        delivery = outbox.until_in_state(outbox.add_result([name]), "sent")
    assert (delivery["objects_stored"], delivery["attempt"]) == (1, 1)


@pytest.mark.parametrize(
    ("status", "error"),
    [(0xA700, "out_of_resources"), (0x0110, "archive_error"), (0x0213, "out_of_resources"), (0xFFFF, "archive_error")],
    ids=["A700", "0110", "0213", "FFFF"],
)
def test_a_failure_that_may_pass_is_tried_again(outbox: Outbox, status: int, error: str) -> None:
    name = f"full {status:04x}"
    told: set[str | None] = set()

    def answer(_event: Any, number: int) -> int:
        told.update(one["error"] for one in outbox.deliveries(destination=name))
        return status if number <= 2 else SUCCESS

    with scripted_archive(answer) as archive:
        outbox.add_destination(name, port=archive.port)
        delivery = outbox.until_in_state(outbox.add_result([name]), "sent")
    assert (delivery["attempt"], delivery["error"]) == (3, None)
    assert error in told
    assert len(set(archive.received)) == 1, "the same SOP Instance UID each time"


def test_a_failure_that_never_passes_has_failed_in_the_end(outbox: Outbox) -> None:
    with scripted_archive(lambda _event, _number: 0xA700) as archive:
        outbox.add_destination("always full", port=archive.port)
        delivery = outbox.until_in_state(outbox.add_result(["always full"]), "failed")
    assert (delivery["error"], delivery["attempt"]) == ("out_of_resources", 7)


@pytest.mark.parametrize("status", [0xA900, 0xC001, 0x0117, 0x0122, 0x0124], ids=hex)
def test_a_refusal_for_good_is_told_at_once(outbox: Outbox, status: int) -> None:
    with scripted_archive(lambda _event, _number: status) as archive:
        name = f"refuses {status:04x}"
        outbox.add_destination(name, port=archive.port)
        delivery = outbox.until_in_state(outbox.add_result([name]), "failed")
    assert (delivery["attempt"], delivery["objects_stored"]) == (1, 0)
    assert f"sr, status 0x{status:04X}" in delivery["detail"]


def test_what_an_archive_comments_is_told_nowhere(outbox: Outbox, capfd: pytest.CaptureFixture[str]) -> None:
    """A comment may name the patient."""
    refusal = Dataset()
    refusal.Status, refusal.ErrorComment = 0xC001, "Quagmire"
    with scripted_archive(lambda _event, _number: refusal) as archive:
        outbox.add_destination("comments", port=archive.port)
        delivery = outbox.until_in_state(outbox.add_result(["comments"]), "failed")
    assert "Quagmire" not in str(delivery)
    assert "Quagmire" not in str(outbox.destination("comments"))
    assert "Quagmire" not in "".join(capfd.readouterr())


def test_an_archive_that_takes_some_kinds_gets_these_and_the_others_are_told(outbox: Outbox) -> None:
    with scripted_archive(classes=[SR_CLASS]) as archive:
        outbox.add_destination("sr only", port=archive.port, encodings=KINDS)
        delivery = outbox.until_in_state(outbox.add_result(["sr only"], pathology=True), "failed")
    assert (delivery["error"], delivery["objects"], delivery["objects_stored"]) == ("no_presentation_context", 3, 1)
    assert len(archive.stored) == 1


def test_an_archive_that_aborts_in_the_middle_gets_each_object_in_the_end(outbox: Outbox) -> None:
    def answer(event: Any, number: int) -> int:
        if number == 2:
            event.assoc.abort()
        return SUCCESS

    with scripted_archive(answer) as archive:
        outbox.add_destination("aborts", port=archive.port, encodings=KINDS)
        delivery = outbox.until_in_state(outbox.add_result(["aborts"], pathology=True), "sent")
    assert delivery["attempt"] == 2
    assert len(set(archive.stored)) == delivery["objects_stored"] == 3


def test_an_answer_that_comes_too_late_makes_no_second_object(outbox: Outbox) -> None:
    """The gateway of these tests waits for 10 s."""

    def answer(_event: Any, number: int) -> int:
        if number == 1:
            time.sleep(15)
        return SUCCESS

    with scripted_archive(answer) as archive:
        outbox.add_destination("late", port=archive.port)
        delivery = outbox.until_in_state(outbox.add_result(["late"]), "sent")
        until(lambda: len(archive.stored) == 2)
    assert delivery["attempt"] == 2
    assert Counter(archive.stored).most_common() == [(archive.stored[0], 2)], "one UID, which an archive keeps once"


def test_an_archive_that_never_answers_holds_up_no_other(outbox: Outbox) -> None:
    ended = threading.Event()

    def never(_event: Any, _number: int) -> int:
        ended.wait()
        return SUCCESS

    with scripted_archive(never) as silent, scripted_archive() as other:
        outbox.add_destination("silent", port=silent.port)
        outbox.add_destination("not silent", port=other.port)
        scans = [outbox.add_result(["silent", "not silent"]) for _ in range(4)]
        until(lambda: len(other.stored) == 4)
        until(lambda: any(one["error"] == "no_answer" for one in outbox.deliveries(destination="silent")))
        ended.set()
        for scan in scans:
            outbox.until_in_state(scan, "sent", count=2)
    assert len(set(silent.stored)) == 4


def test_an_archive_that_does_not_know_us_gets_the_result_once_it_does(outbox: Outbox, tmp_path: Any) -> None:
    with running_orthanc(tmp_path / "orthanc", DicomAet="ANOTHER") as orthanc:
        there = outbox.add_destination("strange", port=orthanc.dicom_port)
        scan = outbox.add_result(["strange"])
        until(lambda: outbox.destination("strange")["error"] == "association_rejected")
        assert "Called AE title not recognised" in outbox.destination("strange")["detail"]
        outbox.change(there, called_ae="ANOTHER")
        outbox.until_in_state(scan, "sent")
        assert len(orthanc.sop_instance_uids()) == 1


def test_a_commitment_on_the_same_association(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.pacs.sending.store_scu.EARLY_REPORT_S", 60.0)  # a busy archive may report late
    with scripted_archive(report=report_on_the_same_association) as archive:
        outbox.add_destination("commits", port=archive.port, storage_commitment=True)
        delivery = outbox.until_in_state(outbox.add_result(["commits"]), "committed")
    assert delivery["committed_at"] is not None


@pytest.mark.parametrize("listed", [True, False], ids=["listed as failed", "not listed"])
def test_a_result_that_the_archive_lacks_is_sent_again(outbox: Outbox, listed: bool) -> None:
    asked: list[Any] = []
    name = f"lacks {listed}"
    with scripted_archive(report=lambda event: asked.append(event.action_information)) as archive:
        outbox.add_destination(name, port=archive.port, storage_commitment=True)
        scan = outbox.add_result([name])
        outbox.until_in_state(scan, "sent")
        assert outbox.destination(name)["uncommitted"] == 1
        report = commitment_of(asked[0], lacking=True)
        if not listed:
            del report.FailedSOPSequence
        outbox.report(report)
        until(lambda: len(archive.received) == 2)
        outbox.until_in_state(scan, "sent")
        outbox.report(commitment_of(asked[1]))
    delivery = outbox.until_in_state(scan, "committed")
    assert (delivery["attempt"], len(set(archive.received))) == (2, 1)


def test_an_archive_without_storage_commitment_is_told(outbox: Outbox) -> None:
    name = "does not commit"
    with scripted_archive(classes=[SR_CLASS], report=_fail) as archive:
        outbox.add_destination(name, port=archive.port, storage_commitment=True)
        delivery = outbox.until_in_state(outbox.add_result([name]), "failed")
    assert delivery["error"] in ("commitment_refused", "association_aborted")


def _fail(_event: Any) -> None:
    raise ValueError("the archive's own fault")

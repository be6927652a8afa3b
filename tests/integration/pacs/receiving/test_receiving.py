"""What is sent by C-STORE is stored once, and becomes a scan when its study is complete."""

import tarfile
from pathlib import Path

import pytest
from pydicom import dcmread

from tests.integration.pacs.receiving.running_listener import RunningListener
from tests.integration.pacs.receiving.senders import ct_study, dcmtk, saved, sent
from tests.integration.polling import until


def scans(listener: RunningListener, number: int) -> list[dict[str, object]]:
    """The scans, once there are so many."""
    until(lambda: listener.count("scans") >= number)
    return listener.rows("SELECT * FROM scans ORDER BY created_at")


def test_echo_and_store_of_dcmtk(listener: RunningListener, tmp_path: Path) -> None:
    folder = saved(tmp_path / "study", ct_study("2.25.1"))
    echo = dcmtk("echoscu", "-aec", "TURNSTILE", "127.0.0.1", listener.port)
    store = dcmtk("storescu", "-aec", "TURNSTILE", "+sd", "127.0.0.1", listener.port, folder)
    assert (echo.returncode, store.returncode) == (0, 0), echo.stderr + store.stderr
    (scan,) = scans(listener, 1)
    assert (scan["study_uid"], scan["status"], scan["description"]) == ("2.25.1", "queued", "Thorax")
    (origin,) = listener.rows("SELECT * FROM scan_origins")
    assert (origin["source"], origin["sender"], origin["scan_id"]) == ("dimse", "STORESCU", scan["id"])
    (patient,) = listener.rows("SELECT * FROM patients")
    assert (patient["first_name"], patient["last_name"]) == ("Anna", "Muster")
    assert listener.count("analyses") == listener.count("procrastinate_jobs") == 1
    until(lambda: not listener.files("waiting"))
    assert not listener.files("incoming")


def test_a_study_is_one_scan_whatever_the_association_and_the_order(listener: RunningListener) -> None:
    study = ct_study("2.25.2", 4)
    for one in (study[3], study[1], study[0], study[2]):
        assert sent(listener.port, [one]) == [0]
    (scan,) = scans(listener, 1)
    sha256 = str(scan["sha256"])
    path = listener.folder / "blobs" / "blobs" / sha256[:2] / sha256[2:4] / sha256
    with tarfile.open(path) as archive:
        read = [dcmread(archive.extractfile(entry)) for entry in archive]  # type: ignore[arg-type]
    assert [one.SOPInstanceUID for one in read] == [one.SOPInstanceUID for one in study]
    assert all(one.PixelData == other.PixelData for one, other in zip(read, study, strict=True))
    offsets = listener.rows("SELECT sop_uid, scan_offset, size FROM incoming_instances ORDER BY scan_offset")
    content = path.read_bytes()
    assert all(content[row["scan_offset"] :][128:132] == b"DICM" for row in offsets)


def test_the_same_instance_twice_is_stored_once(listener: RunningListener) -> None:
    study = ct_study("2.25.3")
    assert sent(listener.port, [*study, *study]) == [0] * 6
    scans(listener, 1)
    assert listener.count("incoming_instances") == 3
    assert sent(listener.port, study) == [0] * 3, "also when it has become a scan"
    assert not listener.files("waiting")
    assert listener.count("scans") == 1


def test_another_content_under_the_same_uid_is_told(listener: RunningListener) -> None:
    (one,) = ct_study("2.25.4", 1)
    assert sent(listener.port, [one]) == [0]
    one.SeriesDescription = "changed"
    assert sent(listener.port, [one]) == [0xB000]
    assert listener.count("incoming_instances") == 1


def test_an_instance_of_another_patient_is_refused(listener: RunningListener) -> None:
    study = ct_study("2.25.5")
    study[1].PatientID = "somebody else"
    assert sent(listener.port, study) == [0, 0xC001, 0]
    assert listener.rows("SELECT DISTINCT number FROM incoming_studies") == [{"number": "P2.25.5"}]
    scans(listener, 1)
    assert sent(listener.port, [study[1]]) == [0xC001], "also when the study is a scan"
    assert 'outcome="other_patient",source="dimse"} 2.0' in listener.metrics


def test_late_instances_make_a_new_version(listener: RunningListener) -> None:
    study = ct_study("2.25.6", 5)
    assert sent(listener.port, study[:3]) == [0] * 3
    (first,) = scans(listener, 1)
    assert sent(listener.port, study[3:]) == [0] * 2
    _, second = scans(listener, 2)
    assert second["patient_id"] == first["patient_id"]
    assert second["description"] == "Thorax; version 2, 5 instances"
    in_second = listener.rows("SELECT sop_uid FROM incoming_instances WHERE scan_id = %s", second["id"])
    assert len(in_second) == 5
    states = listener.rows("SELECT scan_id, state FROM analyses ORDER BY queued_at")
    assert [row["state"] for row in states] == ["cancelled", "queued"]


def test_studies_of_one_patient_find_it(listener: RunningListener) -> None:
    studies = [ct_study(f"2.25.7{number}", 1, PatientID="P7") for number in range(3)]
    for study in studies:
        assert sent(listener.port, study) == [0]
    assert sent(listener.port, ct_study("2.25.79", 1, PatientID="P7", IssuerOfPatientID="elsewhere")) == [0]
    scans(listener, 4)
    assert listener.count("patients") == 2
    assert listener.count("patient_identifiers") == 2


def test_a_deleted_patient_leaves_nothing(listener: RunningListener) -> None:
    assert sent(listener.port, ct_study("2.25.8", 2)) == [0] * 2
    scans(listener, 1)
    listener.rows("DELETE FROM patients RETURNING id")
    for table in ("patient_identifiers", "incoming_studies", "incoming_instances", "scans", "scan_origins"):
        assert listener.count(table) == 0, table
    assert sent(listener.port, ct_study("2.25.8", 2, PatientID="corrected")) == [0] * 2
    scans(listener, 1)


def test_a_study_whose_scan_was_deleted_may_come_again_with_another_patient(listener: RunningListener) -> None:
    assert sent(listener.port, ct_study("2.25.9", 2)) == [0] * 2
    scans(listener, 1)
    listener.rows("DELETE FROM scans RETURNING id")
    assert sent(listener.port, ct_study("2.25.9", 2, PatientID="corrected")) == [0] * 2
    scans(listener, 1)
    assert {row["number"] for row in listener.rows("SELECT * FROM patient_identifiers")} == {"P2.25.9", "corrected"}


def test_high_priority_is_urgent(listener: RunningListener) -> None:
    study = ct_study("2.25.10", 1)
    from tests.integration.pacs.receiving.senders import association

    with association(listener.port, study) as link:
        assert link.send_c_store(study[0], priority=1).Status == 0
    (scan,) = scans(listener, 1)
    assert scan["urgent"]


@pytest.mark.parametrize("modality", ["MR", "SR"])
def test_what_is_no_ct_is_kept_and_not_screened(listener: RunningListener, modality: str) -> None:
    assert sent(listener.port, ct_study("2.25.11", 1, Modality=modality)) == [0]
    (scan,) = scans(listener, 1)
    assert (scan["status"], listener.count("analyses")) == ("received", 0)

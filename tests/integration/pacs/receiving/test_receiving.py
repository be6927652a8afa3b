"""What is sent by C-STORE is stored once, and becomes a scan when its study is complete."""

import tarfile
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import ComprehensiveSRStorage

from tests.integration.pacs.receiving.running_listener import RunningListener
from tests.integration.pacs.receiving.senders import association, ct_study, dcmtk, saved, sent
from tests.integration.polling import until


def test_echo_and_store_of_dcmtk(listener: RunningListener, tmp_path: Path) -> None:
    folder = saved(tmp_path / "study", ct_study("2.25.1"))
    echo = dcmtk("echoscu", "-aec", "TURNSTILE", "127.0.0.1", listener.port)
    store = dcmtk("storescu", "-aec", "TURNSTILE", "+sd", "127.0.0.1", listener.port, folder)
    assert (echo.returncode, store.returncode) == (0, 0), echo.stderr + store.stderr
    (scan,) = listener.scans("2.25.1")
    assert (scan["status"], scan["description"], scan["file_name"]) == ("queued", "Thorax", "2.25.1.tar")
    (origin,) = listener.rows("SELECT * FROM scan_origins WHERE scan_id = %s", scan["id"])
    assert (origin["source"], origin["sender"]) == ("dimse", "STORESCU")
    (patient,) = listener.rows("SELECT * FROM patients WHERE id = %s", scan["patient_id"])
    assert (patient["first_name"], patient["last_name"]) == ("Anna", "Muster")
    (analysis,) = listener.rows("SELECT * FROM analyses WHERE scan_id = %s", scan["id"])
    assert analysis["requested_by"] == "dimse:STORESCU"
    assert listener.rows("SELECT id FROM procrastinate_jobs WHERE args ->> 'analysis_id' = %s", str(analysis["id"]))
    until(lambda: not listener.files("waiting"))
    assert not listener.files("incoming")


def test_a_study_is_one_scan_whatever_the_association_and_the_order(listener: RunningListener) -> None:
    study = ct_study("2.25.2", 4)
    for one in (study[3], study[1], study[0], study[2]):
        assert sent(listener.port, [one]) == [0]
    (scan,) = listener.scans("2.25.2")
    sha256 = scan["sha256"]
    path = listener.folder / "blobs" / "blobs" / sha256[:2] / sha256[2:4] / sha256
    with tarfile.open(path) as archive:
        read = [dcmread(archive.extractfile(entry)) for entry in archive]  # type: ignore[arg-type]
    assert [one.SOPInstanceUID for one in read] == [one.SOPInstanceUID for one in study]
    assert all(one.PixelData == other.PixelData for one, other in zip(read, study, strict=True))
    content = path.read_bytes()
    assert all(content[row["scan_offset"] :][128:132] == b"DICM" for row in listener.instances("2.25.2"))


def test_the_same_instance_twice_is_stored_once(listener: RunningListener) -> None:
    study = ct_study("2.25.3")
    assert sent(listener.port, [*study, *study]) == [0] * 6
    listener.scans("2.25.3")
    assert sent(listener.port, study) == [0] * 3, "also when it has become a scan"
    assert len(listener.instances("2.25.3")) == 3
    assert not listener.files("waiting")
    assert len(listener.scans("2.25.3")) == 1


def test_another_content_under_the_same_uid_is_told(listener: RunningListener) -> None:
    (one,) = ct_study("2.25.4", 1)
    assert sent(listener.port, [one]) == [0]
    one.SeriesDescription = "changed"
    assert sent(listener.port, [one]) == [0xB000]
    assert len(listener.instances("2.25.4")) == 1


def test_an_instance_of_another_patient_is_refused(listener: RunningListener) -> None:
    study = ct_study("2.25.5")
    study[1].PatientID = "somebody else"
    assert sent(listener.port, study) == [0, 0xC001, 0]
    listener.scans("2.25.5")
    assert sent(listener.port, [study[1]]) == [0xC001], "also when the study is a scan"
    assert len(listener.instances("2.25.5")) == 2
    assert listener.metric('turnstile_pacs_instances_total{outcome="other_patient"') == 2


def test_late_instances_make_a_new_version(listener: RunningListener) -> None:
    study = ct_study("2.25.6", 5)
    assert sent(listener.port, study[:3]) == [0] * 3
    (first,) = listener.scans("2.25.6")
    assert sent(listener.port, study[3:]) == [0] * 2
    _, second = listener.scans("2.25.6", 2)
    assert second["patient_id"] == first["patient_id"]
    assert second["description"] == "Thorax; version 2, 5 instances"
    assert {row["scan_id"] for row in listener.instances("2.25.6")} == {second["id"]}
    states = [listener.rows("SELECT state FROM analyses WHERE scan_id = %s", one["id"]) for one in (first, second)]
    assert states == [[{"state": "cancelled"}], [{"state": "queued"}]]


def test_studies_of_one_patient_find_it(listener: RunningListener) -> None:
    for number in range(3):
        assert sent(listener.port, ct_study(f"2.25.7{number}", 1, PatientID="P7")) == [0]
    assert sent(listener.port, ct_study("2.25.79", 1, PatientID="P7", IssuerOfPatientID="elsewhere")) == [0]
    patients = [listener.scans(f"2.25.7{number}")[0]["patient_id"] for number in (0, 1, 2, 9)]
    assert len(set(patients[:3])) == 1
    assert patients[3] not in patients[:3]


def test_a_deleted_patient_leaves_nothing(listener: RunningListener) -> None:
    assert sent(listener.port, ct_study("2.25.8", 2)) == [0] * 2
    (scan,) = listener.scans("2.25.8")
    listener.rows("DELETE FROM patients WHERE id = %s RETURNING id", scan["patient_id"])
    assert not listener.rows("SELECT * FROM incoming_studies WHERE study_uid = '2.25.8'")
    assert not listener.rows("SELECT * FROM patient_identifiers WHERE number = 'P2.25.8'")
    assert sent(listener.port, ct_study("2.25.8", 2, PatientID="corrected 8")) == [0] * 2
    listener.scans("2.25.8")


def test_a_study_whose_scan_was_deleted_may_come_again_with_another_patient(listener: RunningListener) -> None:
    assert sent(listener.port, ct_study("2.25.9", 2)) == [0] * 2
    (scan,) = listener.scans("2.25.9")
    listener.rows("DELETE FROM scans WHERE id = %s RETURNING id", scan["id"])
    assert sent(listener.port, ct_study("2.25.9", 2, PatientID="corrected 9")) == [0] * 2
    (again,) = listener.scans("2.25.9")
    assert again["patient_id"] != scan["patient_id"]


def test_a_study_that_comes_again_after_its_scan_was_deleted_is_what_it_says_now(listener: RunningListener) -> None:
    nameless = ct_study("2.25.12", 2, PatientID="", StudyDescription="old", PatientAge="005Y")
    assert sent(listener.port, nameless) == [0] * 2
    (scan,) = listener.scans("2.25.12")
    listener.rows("DELETE FROM scans WHERE id = %s RETURNING id", scan["id"])
    assert sent(listener.port, ct_study("2.25.12", 2, PatientID="12", PatientAge="050Y"), calling="CT2") == [0] * 2
    (again,) = listener.scans("2.25.12")
    (named,) = listener.rows("SELECT patient_id FROM patient_identifiers WHERE number = '12'")
    assert again["patient_id"] == named["patient_id"] != scan["patient_id"]
    (study,) = listener.rows("SELECT * FROM incoming_studies WHERE study_uid = '2.25.12'")
    assert (study["description"], study["age_years"], study["sender"]) == ("Thorax", 50.0, "CT2")


def test_what_the_first_instances_do_not_tell_of_the_patient_is_compared_once_it_is_told(
    listener: RunningListener,
) -> None:
    first, second, third, fourth = ct_study("2.25.13", 4, PatientID="")
    assert sent(listener.port, [first]) == [0]
    listener.scans("2.25.13")
    second.PatientID = third.PatientID = fourth.PatientID = "13"
    third.IssuerOfPatientID, fourth.IssuerOfPatientID = "A", "B"
    assert sent(listener.port, [second, third, fourth]) == [0, 0, 0xC001]
    fourth.PatientID, fourth.IssuerOfPatientID = "somebody else", "A"
    assert sent(listener.port, [fourth]) == [0xC001]


def test_a_result_that_an_archive_sends_on_makes_no_new_version(listener: RunningListener) -> None:
    study = ct_study("2.25.14", 2)
    assert sent(listener.port, study) == [0, 0]
    ours = {"Manufacturer": "Turnstile", "ManufacturerModelName": "Turnstile", "SeriesInstanceUID": "2.25.14.2"}
    (result,) = ct_study("2.25.14", 1, SOPClassUID=ComprehensiveSRStorage, Modality="SR", **ours)
    result.SOPInstanceUID = "2.25.14.2.1"
    assert sent(listener.port, [result]) == [0]
    listener.scans("2.25.14")
    assert {row["series_uid"] for row in listener.instances("2.25.14")} == {"2.25.14.1"}
    assert listener.metric('turnstile_pacs_instances_total{outcome="own_result"') == 1


def test_high_priority_is_urgent(listener: RunningListener) -> None:
    (one,) = ct_study("2.25.10", 1)
    with association(listener.port, [one]) as link:
        assert link.send_c_store(one, priority=1).Status == 0
    assert listener.scans("2.25.10")[0]["urgent"]


@pytest.mark.parametrize("modality", ["MR", "SR"])
def test_what_is_no_ct_is_kept_and_not_screened(listener: RunningListener, modality: str) -> None:
    uid = f"2.25.11{len(modality)}{ord(modality[0])}"
    assert sent(listener.port, ct_study(uid, 1, Modality=modality)) == [0]
    (scan,) = listener.scans(uid)
    assert scan["status"] == "received"
    assert not listener.rows("SELECT id FROM analyses WHERE scan_id = %s", scan["id"])

"""Storage commitment by a real archive, which reports to our listener on an association of its own."""

from pathlib import Path

from tests.integration.pacs.orthanc import Orthanc
from tests.integration.pacs.receiving.running_listener import running_listener
from tests.integration.pacs.sending.outbox import Outbox


def test_orthanc_commits_to_keep_the_objects(
    outbox: Outbox, orthanc: Orthanc, database_url: str, tmp_path: Path
) -> None:
    with running_listener(tmp_path / "listener", database_url) as listener:
        orthanc.add_modality("turnstile", "TURNSTILE", listener.port)
        outbox.add_destination("orthanc", port=orthanc.dicom_port, storage_commitment=True, encodings=["sr", "ko"])
        delivery = outbox.until_in_state(outbox.add_result(["orthanc"], pathology=True), "committed")
    assert (delivery["objects"], delivery["objects_stored"], delivery["error"]) == (2, 2, None)
    assert len(orthanc.sop_instance_uids()) == 2

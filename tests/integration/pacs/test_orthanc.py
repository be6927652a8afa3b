"""The archive of the tests keeps what it is given, is found by DICOMweb, and answers C-ECHO under its title alone."""

from pathlib import Path

import pytest
from pynetdicom import AE, VerificationPresentationContexts

from screening.phantom.phantom_study import write_phantom
from tests.integration.pacs.orthanc import AE_TITLE, running_orthanc


def test_it_keeps_what_it_is_given(tmp_path: Path) -> None:
    files = sorted(write_phantom(tmp_path / "study", slices=2, size=64).iterdir())
    with running_orthanc(tmp_path / "orthanc", user=("reader", "a password")) as orthanc:
        orthanc.store([*files, files[0]])  # the first one twice
        assert len(orthanc.sop_instance_uids()) == 2
        assert len(orthanc.get("/dicom-web/studies")) == 1
        assert b"DICM" in orthanc.file_of(orthanc.sop_instance_uids()[0])
        ports = orthanc.dicom_port, orthanc.http_port
    with running_orthanc(tmp_path / "orthanc", user=("reader", "a password"), ports=ports) as orthanc:
        assert len(orthanc.sop_instance_uids()) == 2


@pytest.mark.parametrize(("called", "accepted"), [(AE_TITLE, True), ("ANOTHER", False)])
def test_it_answers_to_its_title(tmp_path: Path, called: str, accepted: bool) -> None:
    with running_orthanc(tmp_path) as orthanc:
        entity = AE("TEST")
        entity.requested_contexts = VerificationPresentationContexts
        association = entity.associate("127.0.0.1", orthanc.dicom_port, ae_title=called)
        assert association.is_established is accepted
        if accepted:
            assert association.send_c_echo().Status == 0x0000
            association.release()

"""The Orthanc of compose and chart: CT goes on to Turnstile, what Turnstile sent does not, and nothing is lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE, evt

from screening.phantom.phantom_study import write_phantom
from tests.integration.pacs.beside import orthanc_beside
from tests.integration.pacs.orthanc import Orthanc, free_ports
from tests.integration.pacs.receiving.senders import PATIENCE_S
from tests.integration.polling import until


@pytest.fixture
def port() -> int:
    (port,) = free_ports(1)
    return port


@pytest.fixture
def beside(tmp_path: Path, port: int) -> Iterator[Orthanc]:
    with orthanc_beside(tmp_path / "orthanc", port, StableAge=1) as running:
        yield running


@contextmanager
def listener(port: int) -> Iterator[list[str]]:
    """An AE TURNSTILE, and the SOP Instance UIDs that it received."""
    received: list[str] = []

    def store(event: Any) -> int:
        received.append(str(event.request.AffectedSOPInstanceUID))
        return 0x0000

    ae = AE("TURNSTILE")
    ae.require_called_aet = True
    ae.require_calling_aet = ["ORTHANC"]
    ae.add_supported_context(CTImageStorage, ExplicitVRLittleEndian)
    handlers: Any = [(evt.EVT_C_STORE, store)]
    server = ae.start_server(("127.0.0.1", port), block=False, evt_handlers=handlers)
    assert server is not None
    try:
        yield received
    finally:
        server.shutdown()


def test_ct_goes_on_and_what_turnstile_sent_does_not(beside: Orthanc, port: int, tmp_path: Path) -> None:
    ours, theirs = _study(tmp_path / "ours"), _study(tmp_path / "theirs")
    with listener(port) as received:
        _send(beside, ours, "TURNSTILE")
        _send(beside, theirs, "CT1")
        until(lambda: set(received) >= set(_uids(theirs)), PATIENCE_S)
        assert set(received) == set(_uids(theirs))
    assert beside.sop_instance_uids() == sorted(_uids(ours) + _uids(theirs))


def test_what_came_while_turnstile_was_away_goes_with_the_next(beside: Orthanc, port: int, tmp_path: Path) -> None:
    first, second = _study(tmp_path / "first"), _study(tmp_path / "second")
    _send(beside, first, "CT1")
    until(lambda: _states(beside) == {"Failure"}, PATIENCE_S)
    with listener(port) as received:
        _send(beside, second, "CT1")
        until(lambda: set(received) == set(_uids(first) + _uids(second)), PATIENCE_S)
        until(lambda: _states(beside) == {"Success"}, PATIENCE_S)


def _study(folder: Path) -> list[Path]:
    """The files of a study of its own."""
    write_phantom(folder, slices=3, size=48)
    files = sorted(one for one in folder.rglob("*") if one.is_file())
    prefix = generate_uid(entropy_srcs=[folder.name])
    for number, file in enumerate(files):
        slice_ = pydicom.dcmread(file)
        slice_.StudyInstanceUID, slice_.SeriesInstanceUID = prefix, UID(f"{prefix[:58]}.1")
        slice_.SOPInstanceUID = slice_.file_meta.MediaStorageSOPInstanceUID = UID(f"{prefix[:58]}.2.{number}")
        slice_.save_as(file)
    return files


def _uids(files: list[Path]) -> list[str]:
    return sorted(str(pydicom.dcmread(file, stop_before_pixels=True).SOPInstanceUID) for file in files)


def _states(orthanc: Orthanc) -> set[str]:
    return {job["State"] for job in orthanc.get("/jobs?expand")}


def _send(to: Orthanc, files: list[Path], calling_ae_title: str) -> None:
    ae = AE(calling_ae_title)
    ae.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
    association = ae.associate("127.0.0.1", to.dicom_port, ae_title=to.ae_title)
    assert association.is_established
    for file in files:
        assert association.send_c_store(pydicom.dcmread(file)).Status == 0
    association.release()

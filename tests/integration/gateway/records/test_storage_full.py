"""A store without room, as the kernel tells it: no file of the gateway's process may grow beyond a few MB (EFBIG)."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from screening.phantom import write_phantom
from tests.integration.gateway.auth.api_calls import problem
from tests.integration.gateway.records.upload_calls import blob_folder, files_below, patient_of, some_zip, upload
from tests.integration.gateway.records.viewing_calls import got, scan_of
from tests.integration.gateway.running_gateway import RunningGateway


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Python ignores SIGXFSZ, so a write beyond is an error like that of a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_an_upload_that_finds_no_room_is_told_and_leaves_nothing(doctor: httpx.Client, records: RunningGateway) -> None:
    patient, content, before = patient_of(doctor), some_zip("large", 12_000_000), files_below(blob_folder(records))
    with room_for(4_000_000):
        answer = upload(doctor, patient, content)
    assert problem(answer) == (507, "storage_full")
    assert str(blob_folder(records)) not in answer.text
    assert files_below(blob_folder(records)) == before
    assert doctor.get("/api/scans", params={"patient_id": patient}).json()["total"] == 0
    assert upload(doctor, patient, content).status_code == 201


def test_a_volume_that_finds_no_room_is_told_and_made_later(
    doctor: httpx.Client, records: RunningGateway, tmp_path: Path
) -> None:
    scan = scan_of(doctor, write_phantom(tmp_path / "chest.zip", slices=16, size=256).read_bytes())
    got(doctor, scan, "slices/0")
    with room_for(100_000):
        answer = doctor.get(f"/api/scans/{scan}/volume.nii.gz")
    assert problem(answer) == (507, "storage_full")
    assert not [file for file in files_below(blob_folder(records) / "derived") if "volume" in file.name]
    assert len(got(doctor, scan, "volume.nii.gz").content) > 100_000

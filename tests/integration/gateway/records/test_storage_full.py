"""A full storage, simulated by the kernel: no file of the process may grow beyond a few MB (EFBIG)."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from screening.phantom.phantom_study import write_phantom
from tests.integration.gateway.auth.api_calls import problem
from tests.integration.gateway.records.upload_calls import blob_folder, create_patient_id, fake_zip, files_below, upload
from tests.integration.gateway.records.viewing_calls import create_scan, get_view
from tests.integration.gateway.running_gateway import RunningGateway


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """Python ignores SIGXFSZ, so a write beyond the limit raises an error, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_an_upload_to_a_full_storage_is_refused_and_leaves_nothing(
    radiologist: httpx.Client, records: RunningGateway
) -> None:
    patient, content, before = (
        create_patient_id(radiologist),
        fake_zip("large", 12_000_000),
        files_below(blob_folder(records)),
    )
    with file_size_limit(4_000_000):
        answer = upload(radiologist, patient, content)
    assert problem(answer) == (507, "storage_full")
    assert str(blob_folder(records)) not in answer.text
    assert files_below(blob_folder(records)) == before
    assert radiologist.get("/api/scans", params={"patient_id": patient}).json()["total"] == 0
    assert upload(radiologist, patient, content).status_code == 201


def test_a_volume_that_does_not_fit_is_refused_and_rendered_later(
    radiologist: httpx.Client, records: RunningGateway, tmp_path: Path
) -> None:
    scan = create_scan(radiologist, write_phantom(tmp_path / "chest.zip", slices=16, size=256).read_bytes())
    get_view(radiologist, scan, "slices/0")
    with file_size_limit(100_000):
        answer = radiologist.get(f"/api/scans/{scan}/volume.nii.gz")
    assert problem(answer) == (507, "storage_full")
    assert not [file for file in files_below(blob_folder(records) / "derived") if "volume" in file.name]
    assert len(get_view(radiologist, scan, "volume.nii.gz").content) > 100_000

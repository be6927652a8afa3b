"""Below the disk reserve uploads are refused with 507, and reading, deleting, small writes and readiness go on."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.integration.gateway.auth.api_calls import problem
from tests.integration.gateway.records.upload_calls import blob_folder, create_patient_id, fake_zip, files_below, upload
from tests.integration.gateway.running_gateway import RunningGateway


@contextmanager
def low_disk() -> Iterator[None]:
    """A disk with a GiB less than its reserve free, for this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gateway.storage.disk_reserve.missing_bytes", lambda *_: 2**30)
        yield


def test_uploads_are_refused_and_all_else_goes_on(radiologist: httpx.Client, records: RunningGateway) -> None:
    patient = create_patient_id(radiologist)
    kept = upload(radiologist, patient, fake_zip("kept", 1000)).json()["id"]
    before = files_below(blob_folder(records))
    with low_disk():
        assert problem(upload(radiologist, patient, fake_zip("refused", 1000))) == (507, "storage_full")
        assert problem(radiologist.post("/inference/predict", content=b"a study")) == (507, "storage_full")
        assert files_below(blob_folder(records)) == before
        readiness = radiologist.get("/readyz").json()
        assert "too little disk" in readiness["degraded"]
        assert readiness["database"] == "ready"
        assert "turnstile_disk_low 2.0" in radiologist.get("/metrics").text
        assert radiologist.get("/api/scans").status_code == 200
        assert radiologist.get(f"/api/scans/{kept}/file").status_code == 200
        assert radiologist.delete(f"/api/scans/{kept}").status_code == 204
    assert upload(radiologist, patient, fake_zip("accepted", 1000)).status_code == 201
    assert radiologist.get("/readyz").json()["degraded"] is None

"""A used up quota over HTTP: 429 before anything is read; a repeated request gets its first answer."""

from pathlib import Path

import httpx

from gateway.permissions import Role
from tests.integration.gateway.auth.api_calls import gateway_without_networks, make_token, problem
from tests.integration.gateway.records.upload_calls import create_patient_id, fake_zip, upload


def test_an_upload_is_counted_once_and_the_next_one_is_refused(database_url: str, tmp_path: Path) -> None:
    with gateway_without_networks(tmp_path, database_url, principal_scans_a_day=1) as gateway:
        token = make_token(database_url, Role.RADIOLOGIST)
        with gateway.client(headers={"Authorization": f"Bearer {token}"}) as client:
            patient = create_patient_id(client)
            first = upload(client, patient, fake_zip("one", 1000), key="once")
            assert first.status_code == 201
            assert upload(client, patient, fake_zip("one", 1000), key="once").json() == first.json()
            for refused in (
                upload(client, patient, fake_zip("two", 1000)),
                upload(client, patient, fake_zip("two", 1000), key="twice"),
                client.post("/inference/predict", content=b"a study"),
            ):
                assert problem(refused) == (429, "quota_exceeded")
                assert int(refused.headers["Retry-After"]) >= 1
            assert _scans_of(client, patient) == 1


def _scans_of(client: httpx.Client, patient: str) -> int:
    total: int = client.get("/api/scans", params={"patient_id": patient}).json()["total"]
    return total

"""A real Orthanc with three studies, and the settings that name it in three ways."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.pacs.made_studies import add_series, write_study
from tests.integration.pacs.orthanc import AE_TITLE, Orthanc, free_ports, running_orthanc

USER = ("reader", "not to be printed")
PATIENT = "PLANTED-7"


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """Three studies of CT, of January to March 2024; the first has a second series, of the chest."""
    folder = tmp_path_factory.mktemp("archive")
    with running_orthanc(folder / "orthanc", user=USER) as running:
        for month in (1, 2, 3):
            values: dict[str, Any] = {
                "StudyDate": f"2024{month:02}15",
                "PatientID": PATIENT,
                "PatientName": "Planted^Ada",
            }
            running.store(write_study(folder / f"{month}", seed=month, BodyPartExamined="HEAD", **values))
        running.store(add_series(folder / "chest", of=folder / "1", series_uid="1.2.3.4", BodyPartExamined="CHEST"))
        yield running


@pytest.fixture
def archives(orthanc: Orthanc, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """The same archive under three names, in the settings."""
    (store_port,) = free_ports(1)
    orthanc.add_modality("turnstile", "TURNSTILE", store_port)
    dimse: dict[str, Any] = {"kind": "dimse", "host": "127.0.0.1", "port": orthanc.dicom_port, "ae_title": AE_TITLE}
    web: dict[str, Any] = {
        "kind": "dicomweb",
        "url": orthanc.dicomweb_url,
        "user": USER[0],
        "password_variable": "ORTHANC_PASSWORD",
    }
    ways = {"get": dimse, "move": dimse | {"retrieve": "move", "store_port": store_port}, "web": web}
    archives = {name: one | {"rate": "60000 per minute"} for name, one in ways.items()}
    monkeypatch.setenv("TURNSTILE_PACS_ARCHIVES", json.dumps(archives))
    monkeypatch.setenv("ORTHANC_PASSWORD", USER[1])
    return archives

"""A card of the site decides about the next study, in requests and in analyses, and no more once it is taken back."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.screening.store import site_cards
from screening.results.calibration import probability
from screening.results.model_card import Calibration
from tests.e2e.running_service import new_patient, new_scan, report_of
from tests.integration.gateway.gateway_data import in_transaction
from tests.integration.gateway.running_gateway import RunningGateway

VERSION = "site-0123456789ab"
CALIBRATION = Calibration(0.5, -1.0, "logit")


@pytest.fixture
def shipped(gateway: RunningGateway) -> Iterator[Mapping[str, Any]]:
    """The shipped card, while one of the site is in force."""
    with gateway.client() as client:
        card = client.get("/api/model-card").raise_for_status().json()
        institution = client.get("/api/me").raise_for_status().json()["institution"]
    site = {**card, "version": VERSION, "calibration": CALIBRATION.to_json(), "site": {"studies": 1}}
    in_transaction(gateway, lambda session: site_cards.add(session, institution, site, "tester"))
    _choose(gateway, VERSION)
    yield card
    _choose(gateway, card["version"])


def test_the_next_study_follows_the_card(gateway: RunningGateway, phantom: Path, shipped: Mapping[str, Any]) -> None:
    asked = _predicted(gateway, phantom)
    analysed = report_of(gateway, new_scan(gateway, new_patient(gateway, "Calibrated"), phantom))
    for report in (asked, analysed):
        assert report["provenance"]["model_card"] == VERSION
        assert report["probability"] == pytest.approx(probability(report["score"], CALIBRATION), abs=1e-3)
    _choose(gateway, shipped["version"])
    assert _predicted(gateway, phantom)["provenance"]["model_card"] == shipped["version"]


def _choose(gateway: RunningGateway, version: str) -> None:
    with gateway.client() as client:
        assert client.put("/api/model-card", json={"version": version}).raise_for_status().json()["version"] == version


def _predicted(gateway: RunningGateway, upload: Path) -> Mapping[str, Any]:
    with gateway.client() as client, upload.open("rb") as file:
        asked = client.post("/inference/predict", params={"detail": "full"}, files={"file": (upload.name, file)})
    report: Mapping[str, Any] = asked.raise_for_status().json()
    return report

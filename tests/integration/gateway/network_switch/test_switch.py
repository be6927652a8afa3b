"""`turnstile switch` on a real `turnstile up`: requests and queued analyses go on, and no study sees two cards."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engines.repository_snapshot import keep_snapshot
from gateway.screening.network_switch import SwitchRefused
from screening.phantom.phantom_study import write_phantom
from tests.integration.gateway.network_switch.repositories import other_networks
from tests.integration.gateway.network_switch.switching_service import (
    PredictionClients,
    ReportedDecision,
    SwitchingService,
    running_service,
)
from tests.integration.polling import until

QUEUED = 2


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The active networks, and those to switch to."""
    folder = tmp_path_factory.mktemp("repositories")
    return (
        other_networks(folder / "old", "card-old", shift=0.0, threshold=0.3, b=-2.0, slices=6),
        other_networks(folder / "new", "card-new", shift=0.01, threshold=0.4, b=-3.0, slices=8),
    )


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, repositories: tuple[Path, Path]) -> Iterator[SwitchingService]:
    with running_service(tmp_path_factory.mktemp("service"), repositories[0]) as running:
        yield running


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_phantom(tmp_path_factory.mktemp("study") / "phantom.zip", slices=16, size=128)


def test_a_refused_switch_changes_nothing(
    service: SwitchingService, study: Path, repositories: tuple[Path, Path], tmp_path: Path
) -> None:
    before = ReportedDecision.of(service.predict(study).json())
    broken = shutil.copytree(repositories[1], tmp_path / "broken")
    (broken / "classifier" / "1" / "model.onnx").write_bytes(b"another")
    with pytest.raises(SwitchRefused, match=r"do not match model_card\.json: classifier/1/model\.onnx"):
        service.switch_over_socket(broken)
    with pytest.raises(SwitchRefused, match="active already"):
        service.switch_over_socket(repositories[0])
    assert ReportedDecision.of(service.predict(study).json()) == before
    assert (service.get("/api/model-card")["version"], len(service.tritons())) == ("card-old", 1)


def test_a_switch_under_load_fails_no_request_and_mixes_no_networks(
    service: SwitchingService, study: Path, repositories: tuple[Path, Path]
) -> None:
    old, server = ReportedDecision.of(service.predict(study).json()), service.tritons()[0]
    choose(service, "youden")
    scans = queued(service, study)
    clients = PredictionClients(service, study)
    with clients.running(1):
        scans += queued(service, study)
        switched = service.switch(repositories[1])
        assert switched.returncode == 0, switched.stderr + service.log.read_text()
        new = ReportedDecision.of(service.predict(study).json())
        scans += queued(service, study)
        reports = [analysed(service, scan) for scan in scans]
    assert clients.failed == []
    assert (old.model_card, new.model_card) == ("card-old", "card-new")
    assert old.score != new.score
    assert clients.decisions.keys() | set(reports) <= {old, new}
    assert {old, new} <= clients.decisions.keys(), "requests before, during and after"
    assert {old, new} <= set(reports), "queued analyses ran before and after"
    assert not server.is_running(), "the old server is stopped"
    assert len(service.tritons()) == len(list((service.home / "served").glob("networks-*"))) == 1


def test_every_use_of_the_model_card_was_switched(service: SwitchingService) -> None:
    assert service.get("/api/model-card")["version"] == service.get("/api/operating-point")["model_card"] == "card-new"
    point = service.get("/api/operating-point")
    assert (point["chosen"], point["threshold"]) == (False, 0.4), "the choice was made for the old card's figures"
    with service.client() as client:
        page = client.get("/metrics").text
    assert 'turnstile_model_card_info{trained="true",version="card-new"} 1.0' in page
    assert "turnstile_triton_metrics_up 1" in page, "of the new server"
    (event,) = service.get("/api/audit?entity=model_card")["items"]
    assert event["actor"].startswith("cli:")
    assert event["detail"] == {"from": "card-old", "to": "card-new"}


def test_an_export_into_the_folder_changes_nothing_even_when_triton_is_killed(
    service: SwitchingService, study: Path, repositories: tuple[Path, Path]
) -> None:
    before = ReportedDecision.of(service.predict(study).json())
    shutil.copytree(repositories[0], repositories[1], dirs_exist_ok=True)
    (server,) = service.tritons()
    server.kill()
    until(lambda: not server.is_running())
    with service.client() as client:
        until(lambda: client.get("/readyz").status_code == 200)
    assert ReportedDecision.of(service.predict(study).json()) == before


def test_old_networks_stay_while_another_process_uses_them(
    service: SwitchingService, repositories: tuple[Path, Path]
) -> None:
    with keep_snapshot(Path(service.instance_file["networks"])):
        assert "other processes use the old networks" in service.switch_over_socket(repositories[0])[-1]
        assert (service.get("/api/model-card")["version"], len(service.tritons())) == ("card-old", 2)
        with pytest.raises(SwitchRefused, match="not over yet"):
            service.switch_over_socket(repositories[1])
    until(lambda: len(service.tritons()) == 1)


def choose(service: SwitchingService, point: str) -> None:
    body = {"name": point, "model_card": service.get("/api/model-card")["version"]}
    with service.client() as client:
        client.put("/api/operating-point", json=body, headers={"If-Match": "*"}).raise_for_status()


def queued(service: SwitchingService, study: Path) -> list[str]:
    """New scans whose analyses wait for the worker."""
    with service.client() as client:
        patient = {"first_name": "Erika", "last_name": "Mustermann"}
        owner = client.post("/api/patients", json=patient).raise_for_status().json()["id"]
        scans = [service.upload(study, owner) for _ in range(QUEUED)]
        for scan in scans:
            client.post(f"/api/scans/{scan}/analyze", params={"wait": 0}).raise_for_status()
    return scans


def analysed(service: SwitchingService, scan: str) -> ReportedDecision:
    """The decision in the report of the scan's analysis, once it has ended; the analysis names the same card."""
    with service.client() as client:
        until(lambda: client.get(f"/api/scans/{scan}/analysis").json()["state"] in ("done", "failed", "cancelled"))
        analysis: dict[str, Any] = client.get(f"/api/scans/{scan}/analysis").json()
        assert analysis["state"] == "done", analysis
        (report,) = client.get(f"/api/scans/{scan}/report").json()["studies"]
    decision = ReportedDecision.of(report)
    assert decision.model_card == analysis["model_card"]
    return decision

"""`turnstile switch` on a real `turnstile up`: requests and queued analyses go on, and no study sees two cards."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engines.repository_snapshot import used
from gateway.screening.network_switch import SwitchRefused
from screening.phantom import write_phantom
from tests.integration.gateway.network_switch.repositories import other_networks
from tests.integration.gateway.network_switch.switching_service import Callers, House, Judged, running_house
from tests.integration.polling import until

QUEUED = 2


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The networks that are in force, and those to come."""
    folder = tmp_path_factory.mktemp("repositories")
    return (
        other_networks(folder / "old", "card-old", shift=0.0, threshold=0.3, b=-2.0, slices=6),
        other_networks(folder / "new", "card-new", shift=0.01, threshold=0.4, b=-3.0, slices=8),
    )


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, repositories: tuple[Path, Path]) -> Iterator[House]:
    with running_house(tmp_path_factory.mktemp("house"), repositories[0]) as running:
        yield running


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_phantom(tmp_path_factory.mktemp("study") / "phantom.zip", slices=16, size=128)


def test_what_cannot_be_served_changes_nothing(
    house: House, study: Path, repositories: tuple[Path, Path], tmp_path: Path
) -> None:
    before = Judged.of(house.predict(study).json())
    broken = shutil.copytree(repositories[1], tmp_path / "broken")
    (broken / "classifier" / "1" / "model.onnx").write_bytes(b"another")
    with pytest.raises(SwitchRefused, match=r"do not match model_card\.json: classifier/1/model\.onnx"):
        house.asked_to_switch(broken)
    with pytest.raises(SwitchRefused, match="active already"):
        house.asked_to_switch(repositories[0])
    assert Judged.of(house.predict(study).json()) == before
    assert (house.get("/api/model-card")["version"], len(house.tritons())) == ("card-old", 1)


def test_a_switch_under_load_fails_nothing_and_mixes_nothing(
    house: House, study: Path, repositories: tuple[Path, Path]
) -> None:
    old, server = Judged.of(house.predict(study).json()), house.tritons()[0]
    choose(house, "youden")
    scans = queued(house, study)
    callers = Callers(house, study)
    with callers.principal(1):
        scans += queued(house, study)
        switched = house.switch(repositories[1])
        assert switched.returncode == 0, switched.stderr + house.log.read_text()
        new = Judged.of(house.predict(study).json())
        scans += queued(house, study)
        reports = [analysed(house, scan) for scan in scans]
    assert callers.failed == []
    assert (old.model_card, new.model_card) == ("card-old", "card-new")
    assert old.score != new.score
    assert callers.judged.keys() | set(reports) <= {old, new}
    assert {old, new} <= callers.judged.keys(), "asked before, during and after"
    assert {old, new} <= set(reports), "the queue was worked off before and after"
    assert not server.is_running(), "the old server is stopped"
    assert len(house.tritons()) == len(list((house.home / "served").glob("networks-*"))) == 1


def test_everything_that_knows_the_card_went_over(house: House) -> None:
    assert house.get("/api/model-card")["version"] == house.get("/api/operating-point")["model_card"] == "card-new"
    point = house.get("/api/operating-point")
    assert (point["chosen"], point["threshold"]) == (False, 0.4), "the choice was made for the old card's figures"
    with house.client() as client:
        page = client.get("/metrics").text
    assert 'turnstile_model_card_info{trained="true",version="card-new"} 1.0' in page
    assert "turnstile_triton_metrics_up 1" in page, "of the new server"
    (event,) = house.get("/api/audit?entity=model_card")["items"]
    assert event["actor"].startswith("cli:")
    assert event["detail"] == {"from": "card-old", "to": "card-new"}


def test_a_folder_that_is_exported_into_changes_nothing_even_when_triton_dies(
    house: House, study: Path, repositories: tuple[Path, Path]
) -> None:
    before = Judged.of(house.predict(study).json())
    shutil.copytree(repositories[0], repositories[1], dirs_exist_ok=True)
    (server,) = house.tritons()
    server.kill()
    until(lambda: not server.is_running())
    with house.client() as client:
        until(lambda: client.get("/readyz").status_code == 200)
    assert Judged.of(house.predict(study).json()) == before


def test_who_uses_the_old_networks_from_outside_keeps_them(house: House, repositories: tuple[Path, Path]) -> None:
    with used(Path(house.note["networks"])):
        assert "other processes use the old networks" in house.asked_to_switch(repositories[0])[-1]
        assert (house.get("/api/model-card")["version"], len(house.tritons())) == ("card-old", 2)
        with pytest.raises(SwitchRefused, match="not over yet"):
            house.asked_to_switch(repositories[1])
    until(lambda: len(house.tritons()) == 1)


def choose(house: House, point: str) -> None:
    body = {"name": point, "model_card": house.get("/api/model-card")["version"]}
    with house.client() as client:
        client.put("/api/operating-point", json=body, headers={"If-Match": "*"}).raise_for_status()


def queued(house: House, study: Path) -> list[str]:
    """New scans whose analyses wait for the worker."""
    with house.client() as client:
        patient = {"first_name": "Erika", "last_name": "Mustermann"}
        owner = client.post("/api/patients", json=patient).raise_for_status().json()["id"]
        scans = [house.upload(study, owner) for _ in range(QUEUED)]
        for scan in scans:
            client.post(f"/api/scans/{scan}/analyze").raise_for_status()
    return scans


def analysed(house: House, scan: str) -> Judged:
    """What the report of the scan's analysis says, once there is one; the analysis names the same card."""
    with house.client() as client:
        until(lambda: client.get(f"/api/scans/{scan}/analysis").json()["state"] in ("done", "failed", "cancelled"))
        analysis: dict[str, Any] = client.get(f"/api/scans/{scan}/analysis").json()
        assert analysis["state"] == "done", analysis
        (report,) = client.get(f"/api/scans/{scan}/report").json()["studies"]
    judged = Judged.of(report)
    assert judged.model_card == analysis["model_card"]
    return judged

"""/api/incoming-studies, /api/senders, and the dry run of rules on what came from the network."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from gateway.database.tables.scan_origins import Source
from gateway.pacs.receiving.store import refused_senders
from gateway.permissions import GRANTS, Role, Scope
from tests.integration.gateway.auth.api_calls import INSTITUTION, bearer, gateway_without_networks, make_token
from tests.integration.gateway.gateway_data import in_transaction
from tests.integration.gateway.running_gateway import RunningGateway
from tests.integration.pacs.network_rows import add_network_rows, add_study

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[RunningGateway]:
    """Three studies of today, one of long ago, one of another institution."""
    with gateway_without_networks(tmp_path_factory.mktemp("incoming"), database_url) as running:
        in_transaction(running, lambda session: add_network_rows(session, INSTITUTION))
        old: dict[str, Any] = {
            "first_at": LONG_AGO,
            "last_at": LONG_AGO,
            "sender": "OLD",
            "modality": "MR",
            "description": "Knee",
        }
        in_transaction(running, lambda session: add_study(session, INSTITUTION, **old))
        in_transaction(running, lambda session: add_study(session, "elsewhere", sender="FOREIGN"))
        yield running


@pytest.fixture(scope="module")
def admin(gateway: RunningGateway) -> Iterator[httpx.Client]:
    with gateway.client() as client:
        yield client


def today() -> str:
    return (datetime.now(UTC) - timedelta(hours=1)).isoformat()


def studies(client: httpx.Client, **query: Any) -> dict[str, dict[str, Any]]:
    body = client.get("/api/incoming-studies", params=query).raise_for_status().json()
    assert body["total"] == len(body["items"])
    return {one["description"]: one for one in body["items"]}


def test_each_study_says_what_became_of_it_and_why(admin: httpx.Client) -> None:
    found = studies(admin)
    assert {name: one["state"] for name, one in found.items()} == {
        "Abdomen": "receiving",
        "Skull": "not_screened",
        "Thorax, fall": "screened",
        "Knee": "not_screened",
    }
    assert (found["Skull"]["rule"], found["Skull"]["scan_status"]) == ("Heads", "received")
    assert found["Knee"]["rule"] is None
    assert (found["Thorax, fall"]["verdict"], found["Thorax, fall"]["instances"]) == ("not_analysed", 3)
    assert found["Abdomen"]["scan_id"] is None
    assert studies(admin, **{"from": today()}).keys() == {"Abdomen", "Skull", "Thorax, fall"}


def test_a_study_that_could_not_be_stored_is_delayed(gateway: RunningGateway, admin: httpx.Client) -> None:
    late: dict[str, Any] = {"description": "Pelvis", "complete": False, "failures": 2, "retry_at": datetime.now(UTC)}
    in_transaction(gateway, lambda session: add_study(session, "delayed", **late))
    token = make_token(gateway.store.database_url.get_secret_value(), Role.ADMIN, "delayed")
    with gateway.client(headers=bearer(token)) as client:
        assert studies(client)["Pelvis"]["state"] == "delayed"


def test_without_the_scope_of_names_there_is_no_description(gateway: RunningGateway, database_url: str) -> None:
    token = make_token(database_url, Role.ADMIN, scopes=GRANTS[Role.ADMIN] - {Scope.NAMES_READ})
    with gateway.client(headers=bearer(token)) as client:
        assert studies(client).keys() == {None}


def test_senders_of_the_institution_with_what_they_sent_today(admin: httpx.Client) -> None:
    items = admin.get("/api/senders", params={"from": today()}).raise_for_status().json()["items"]
    sent = {one["sender"]: (one["studies"], one["instances"]) for one in items}
    assert sent == {"CT-ER": (1, 3), "CT1": (1, 3), "CT2": (1, 3), "OLD": (0, 0)}


def test_rules_are_tried_on_complete_studies_of_the_network(admin: httpx.Client) -> None:
    heads = {"name": "heads", "conditions": {"body_part": ["HEAD"]}, "action": {"screen": False}}
    answer = admin.post("/api/routing-rules/try", json={"rules": [heads]}).raise_for_status().json()
    seen = {one["attributes"]["study_description"]: one for one in answer["items"]}
    assert seen.keys() == {"Skull", "Thorax, fall", "Knee"}
    assert (seen["Skull"]["changes"], seen["Skull"]["then"]["rule"]) == (["screen"], "heads")
    assert seen["Skull"]["attributes"]["body_parts"] == ["HEAD"]
    assert not seen["Knee"]["now"]["screen"]
    assert answer["changed"] == 1


def test_refused_senders_are_counted_and_few_are_kept(gateway: RunningGateway, admin: httpx.Client) -> None:
    def refuse(*names: str, number: int = 1) -> None:
        keys = {(INSTITUTION, Source.DIMSE, name, "calling_ae_title"): number for name in names}
        in_transaction(gateway, lambda session: refused_senders.add(session, keys))

    refuse("STRANGER", number=3)
    refuse("STRANGER", number=2)
    refused = admin.get("/api/senders", params={"from": today()}).json()["refused"]
    assert [(one["sender"], one["reason"], one["refusals"]) for one in refused] == [("STRANGER", "calling_ae_title", 5)]
    for hundred in range(3):
        refuse(*(f"FLOOD{hundred}{number:02}" for number in range(100)))
    refused = admin.get("/api/senders", params={"from": today()}).json()["refused"]
    assert len(refused) == refused_senders.KEPT
    assert "STRANGER" not in {one["sender"] for one in refused}

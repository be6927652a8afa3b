"""Where the result of an upload goes: nowhere, unless a rule says so; and what the list of scans says of it."""

from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import DeliveryRow, UnplannedReportRow
from gateway.database.tables.deliveries import DeliveryState
from gateway.pacs.routing.rules import Rules
from gateway.pacs.sending.planning import plan
from tests.integration.gateway.auth.api_calls import INSTITUTION, gateway_without_networks
from tests.integration.gateway.gateway_data import in_transaction
from tests.integration.gateway.running_gateway import RunningGateway
from tests.integration.pacs.network_rows import add_study
from tests.integration.pacs.test_routing_rules import put, reported_upload
from tests.integration.polling import until

ARCHIVE = {"kind": "dimse", "host": "127.0.0.1", "port": 9, "called_ae": "ARCHIVE", "enabled": False}
TO_RESEARCH = {"name": "research", "action": {"screen": True, "destinations": ["research"]}}
TO_DEFAULT = {"name": "default", "conditions": {"source": ["upload"]}, "action": {"screen": True}}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[RunningGateway]:
    with gateway_without_networks(tmp_path_factory.mktemp("planned"), database_url) as running:
        yield running


@pytest.fixture(scope="module")
def admin(gateway: RunningGateway) -> Iterator[httpx.Client]:
    """With two destinations that are switched off, so that nothing is sent; one of them is the default."""
    with gateway.client() as client:
        for name, by_default in (("archive", True), ("research", False)):
            new = {"name": name, "by_default": by_default, **ARCHIVE}
            client.post("/api/destinations", json=new).raise_for_status()
        yield client


def planned(gateway: RunningGateway, admin: httpx.Client, scan_id: UUID) -> list[tuple[str, str]]:
    """Destinations and states of the scan's deliveries, once the gateway or the test has planned its report."""

    async def is_planned(session: AsyncSession) -> bool:
        while await plan(session, Rules()):
            pass
        own = select(UnplannedReportRow).where(UnplannedReportRow.scan_id == scan_id)
        return await session.scalar(own) is None

    until(lambda: in_transaction(gateway, is_planned))
    items = admin.get("/api/deliveries", params={"scan": str(scan_id)}).raise_for_status().json()["items"]
    return [(one["destination"], one["state"]) for one in items]


def test_the_result_of_an_upload_goes_nowhere_by_default(gateway: RunningGateway, admin: httpx.Client) -> None:
    put(admin)
    scan_id, _ = reported_upload(gateway)
    assert planned(gateway, admin, scan_id) == []
    assert admin.get(f"/api/scans/{scan_id}").json()["delivery"] is None


def test_the_result_of_an_upload_goes_where_a_rule_says(gateway: RunningGateway, admin: httpx.Client) -> None:
    for rule, name in ((TO_RESEARCH, "research"), (TO_DEFAULT, "archive")):
        put(admin, rule)
        scan_id, _ = reported_upload(gateway)
        assert planned(gateway, admin, scan_id) == [(name, "waiting")]


@pytest.mark.parametrize(
    ("states", "delivery"),
    [
        (("sent", "committed"), "sent"),
        (("sent", "sending"), "waiting"),
        (("waiting", "failed"), "failed"),
    ],
)
def test_a_scan_says_whether_its_result_went_out(
    gateway: RunningGateway, admin: httpx.Client, states: tuple[str, str], delivery: str
) -> None:
    both = {"name": "both", "action": {"screen": True, "destinations": ["archive", "research"]}}
    put(admin, both)
    scan_id, _ = reported_upload(gateway)
    assert len(planned(gateway, admin, scan_id)) == 2

    async def become(session: AsyncSession) -> None:
        for name, state in zip(("archive", "research"), states, strict=True):
            own = (DeliveryRow.scan_id == scan_id, DeliveryRow.destination == name)
            await session.execute(update(DeliveryRow).where(*own).values(state=DeliveryState(state)))

    in_transaction(gateway, become)
    scan = admin.get(f"/api/scans/{scan_id}").json()
    assert (scan["origin"], scan["delivery"]) == (None, delivery)


def test_a_scan_says_where_it_came_from(gateway: RunningGateway, admin: httpx.Client) -> None:
    scan_id = in_transaction(gateway, lambda session: add_study(session, INSTITUTION, sender="CT-ER"))
    listed = {one["id"]: one for one in admin.get("/api/scans").json()["items"]}
    assert listed[str(scan_id)]["origin"] == {"source": "dimse", "sender": "CT-ER"}
    assert listed[str(scan_id)]["delivery"] is None

"""The model cards of a site: kept, put in force and taken back, on a real PostgreSQL."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from gateway.database.connection import Database
from gateway.database.tables import AuditRow
from gateway.errors import PreconditionFailed, UnknownModelCard
from gateway.permissions import ALL_SCOPES, Role
from gateway.principal import Principal, PrincipalKind, RequestContext
from gateway.screening.card_in_force import CardsInForce
from gateway.screening.operating_point import OperatingPoints
from gateway.screening.site_cards import SiteCards
from screening.results.model_card import InvalidModelCard, ModelCard
from tests.unit.screening.evaluation.made_studies import shipped_card

CONTEXT = RequestContext("127.0.0.1", "request")
SHIPPED = ModelCard.from_json(shipped_card())
OTHER_NETWORKS = ModelCard.from_json(shipped_card(version="trained-other", file_hashes={"a": "1" * 64}))


def admin(institution: str) -> Principal:
    return Principal("token:1", PrincipalKind.PROGRAM, "admin", Role.ADMIN, institution, ALL_SCOPES)


def site_card(number: int, **changed: Any) -> dict[str, Any]:
    calibration = {"a": 5.0 + number, "b": -3.0}
    return shipped_card(version=f"site-{number}", calibration=calibration, site={"studies": 70}, **changed)


@pytest.fixture
def cards(database: Database) -> SiteCards:
    return SiteCards(database)


@pytest.fixture
def in_force(database: Database) -> CardsInForce:
    return CardsInForce(database)


async def choose(cards: SiteCards, institution: str, version: str, seen: int | None = None) -> int:
    expected = None if seen is None else {seen}
    return (await cards.choose(admin(institution), SHIPPED, version, expected, CONTEXT)).changes


async def test_a_calibrated_card_is_in_force_only_once_it_is_chosen(cards: SiteCards, in_force: CardsInForce) -> None:
    await cards.add(admin("one"), site_card(1))
    assert (await in_force.for_screening("one", SHIPPED)).version == SHIPPED.version
    await choose(cards, "one", "site-1")
    served = await in_force.for_screening("one", SHIPPED)
    assert (served.version, served.calibration.a) == ("site-1", 6.0)
    assert (await in_force.for_screening("elsewhere", SHIPPED)).version == SHIPPED.version


async def test_the_operating_point_is_that_of_the_card_in_force(
    cards: SiteCards, in_force: CardsInForce, database: Database
) -> None:
    await cards.add(admin("points"), site_card(1, operating_points={"high_sensitivity": {"threshold": 0.123}}))
    points = OperatingPoints(database)
    await points.choose(admin("points"), SHIPPED, "youden", SHIPPED.version, None, CONTEXT)
    await choose(cards, "points", "site-1")
    assert (await in_force.for_screening("points", SHIPPED)).operating_point.threshold == 0.123
    await choose(cards, "points", SHIPPED.version)
    assert (await in_force.for_screening("points", SHIPPED)).operating_point.name == "youden"


async def test_the_change_is_undone_and_done_again(cards: SiteCards, in_force: CardsInForce) -> None:
    with pytest.raises(UnknownModelCard):
        await cards.take_back(admin("back"), SHIPPED)
    for number in (1, 2):
        await cards.add(admin("back"), site_card(number))
        await choose(cards, "back", f"site-{number}")
    versions = [(await cards.take_back(admin("back"), SHIPPED)).card.version for _ in range(3)]
    assert versions == ["site-1", "site-2", "site-1"]
    await choose(cards, "back", SHIPPED.version)
    assert (await in_force.for_screening("back", SHIPPED)).version == SHIPPED.version
    assert (await cards.take_back(admin("back"), SHIPPED)).card.version == "site-1"


async def test_a_card_of_other_networks_is_not_used(cards: SiteCards, in_force: CardsInForce) -> None:
    await cards.add(admin("networks"), site_card(1))
    await choose(cards, "networks", "site-1")
    assert (await in_force.for_screening("networks", OTHER_NETWORKS)).version == "trained-other"
    assert (await in_force.for_screening("networks", SHIPPED)).version == "site-1", "back on its networks"
    with pytest.raises(UnknownModelCard, match="other networks"):
        await cards.choose(admin("networks"), OTHER_NETWORKS, "site-1", None, CONTEXT)
    _, (listed,) = await cards.all("networks", OTHER_NETWORKS)
    assert not listed.usable


async def test_a_card_that_nobody_made_cannot_be_chosen(cards: SiteCards) -> None:
    await cards.add(admin("here"), site_card(1))
    with pytest.raises(UnknownModelCard):
        await choose(cards, "there", "site-1")


async def test_a_card_that_serving_cannot_read_is_not_kept(cards: SiteCards) -> None:
    with pytest.raises(InvalidModelCard):
        await cards.add(admin("bad"), site_card(1, operating_points={"high_sensitivity": {"threshold": 1.0}}))


async def test_the_same_card_twice_is_one(cards: SiteCards) -> None:
    for _ in range(2):
        await cards.add(admin("twice"), site_card(7))
    _, listed = await cards.all("twice", SHIPPED)
    assert [card.version for card in listed] == ["site-7"]


async def test_of_two_admins_at_once_one_is_refused(cards: SiteCards) -> None:
    for number in (1, 2):
        await cards.add(admin("two"), site_card(number))
    both = await asyncio.gather(*(choose(cards, "two", f"site-{n}", seen=0) for n in (1, 2)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in both) == ["PreconditionFailed", "int"]
    with pytest.raises(PreconditionFailed):
        await choose(cards, "two", "site-1", seen=0)


async def test_calibration_and_each_change_are_audit_events(cards: SiteCards, database: Database) -> None:
    await cards.add(admin("audited"), site_card(1))
    await choose(cards, "audited", "site-1")
    await cards.take_back(admin("audited"), SHIPPED)
    async with database.transaction() as session:
        mine = select(AuditRow).where(AuditRow.institution == "audited").order_by(AuditRow.seq)
        events = (await session.scalars(mine)).all()
    assert [(event.action, event.entity_id, event.detail) for event in events] == [
        ("create", "site-1", {"calibrated": True, "studies": 70}),
        ("update", "site-1", {"from": SHIPPED.version, "to": "site-1"}),
        ("update", SHIPPED.version, {"from": "site-1", "to": SHIPPED.version}),
    ]

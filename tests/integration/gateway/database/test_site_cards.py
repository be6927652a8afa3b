"""The model cards of a site: kept, put in force and taken back, on a real PostgreSQL."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select

from gateway.audit.sealing import seal_all
from gateway.calibration.base_card import base_card
from gateway.database.connection import Database
from gateway.database.tables import AuditRow
from gateway.errors import InvalidSiteCard, PreconditionFailed, UnknownModelCard
from gateway.permissions import ALL_SCOPES, Role
from gateway.principal import Principal, PrincipalKind, RequestContext
from gateway.screening.card_in_force import CardsInForce
from gateway.screening.operating_point import OperatingPoints
from gateway.screening.site_cards import SiteCards
from gateway.screening.store import site_cards
from screening.results.model_card import InvalidModelCard, ModelCard
from screening.results.site_version import site_version
from tests.unit.screening.evaluation.made_studies import shipped_card

CONTEXT = RequestContext("127.0.0.1", "request")
SHIPPED = ModelCard.from_json(shipped_card())
OTHER_NETWORKS = ModelCard.from_json(shipped_card(version="trained-other", file_hashes={"a": "1" * 64}))


def admin(institution: str) -> Principal:
    return Principal("token:1", PrincipalKind.PROGRAM, "admin", Role.ADMIN, institution, ALL_SCOPES)


def site_card(number: int, **changed: Any) -> dict[str, Any]:
    calibration = {"a": 5.0 + number, "b": -3.0}
    card = shipped_card(calibration=calibration, site={"studies": 70}, **changed)
    return {**card, "version": site_version(card)}


SITE = {number: site_card(number)["version"] for number in (1, 2, 7)}


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
    await cards.add(admin("one"), site_card(1), shipped_card())
    assert (await in_force.for_screening("one", SHIPPED)).version == SHIPPED.version
    await choose(cards, "one", SITE[1])
    served = await in_force.for_screening("one", SHIPPED)
    assert (served.version, served.calibration.a) == (SITE[1], 6.0)
    assert (await in_force.for_screening("elsewhere", SHIPPED)).version == SHIPPED.version


async def test_the_operating_point_is_that_of_the_card_in_force(
    cards: SiteCards, in_force: CardsInForce, database: Database
) -> None:
    card = site_card(1, operating_points={"high_sensitivity": {"threshold": 0.123}})
    await cards.add(admin("points"), card, shipped_card())
    points = OperatingPoints(database)
    await points.choose(admin("points"), SHIPPED, "youden", SHIPPED.version, None, CONTEXT)
    await choose(cards, "points", card["version"])
    assert (await in_force.for_screening("points", SHIPPED)).operating_point.threshold == 0.123
    await choose(cards, "points", SHIPPED.version)
    assert (await in_force.for_screening("points", SHIPPED)).operating_point.name == "youden"


async def test_the_change_is_undone_and_done_again(cards: SiteCards, in_force: CardsInForce) -> None:
    with pytest.raises(UnknownModelCard):
        await cards.take_back(admin("back"), SHIPPED)
    for number in (1, 2):
        await cards.add(admin("back"), site_card(number), shipped_card())
        await choose(cards, "back", SITE[number])
    versions = [(await cards.take_back(admin("back"), SHIPPED)).card.version for _ in range(3)]
    assert versions == [SITE[1], SITE[2], SITE[1]]
    await choose(cards, "back", SHIPPED.version)
    assert (await in_force.for_screening("back", SHIPPED)).version == SHIPPED.version
    assert (await cards.take_back(admin("back"), SHIPPED)).card.version == SITE[1]


async def test_a_card_of_other_networks_is_not_used(cards: SiteCards, in_force: CardsInForce) -> None:
    await cards.add(admin("networks"), site_card(1), shipped_card())
    await choose(cards, "networks", SITE[1])
    assert (await in_force.for_screening("networks", OTHER_NETWORKS)).version == "trained-other"
    assert (await in_force.for_screening("networks", SHIPPED)).version == SITE[1], "back on its networks"
    with pytest.raises(UnknownModelCard, match="other networks"):
        await cards.choose(admin("networks"), OTHER_NETWORKS, SITE[1], None, CONTEXT)
    _, (listed,) = await cards.all("networks", OTHER_NETWORKS)
    assert not listed.usable


async def test_a_card_that_nobody_made_cannot_be_chosen(cards: SiteCards) -> None:
    await cards.add(admin("here"), site_card(1), shipped_card())
    with pytest.raises(UnknownModelCard):
        await choose(cards, "there", SITE[1])


async def test_a_card_that_serving_cannot_read_is_not_kept(cards: SiteCards) -> None:
    card = site_card(1, operating_points={"high_sensitivity": {"threshold": 1.0}})
    with pytest.raises(InvalidModelCard):
        await cards.add(admin("bad"), card, shipped_card())


async def test_a_change_says_which_chosen_point_it_drops(cards: SiteCards, database: Database) -> None:
    who = admin("dropped")
    await cards.add(who, site_card(1), shipped_card())
    await OperatingPoints(database).choose(who, SHIPPED, "youden", SHIPPED.version, None, CONTEXT)
    there = await cards.choose(who, SHIPPED, SITE[1], None, CONTEXT)
    back = await cards.take_back(who, SHIPPED)
    again = await cards.choose(who, SHIPPED, SHIPPED.version, None, CONTEXT)
    assert (there.dropped_point, back.dropped_point, again.dropped_point) == ("youden", None, None)
    await seal_all(database)
    async with database.transaction() as session:
        mine = select(AuditRow).where(AuditRow.institution == "dropped", AuditRow.entity_id == SITE[1])
        details = [event.detail for event in await session.scalars(mine.order_by(AuditRow.seq))]
    assert details[-1] == {"from": SHIPPED.version, "to": SITE[1], "dropped_point": "youden"}


async def test_a_calibration_starts_from_the_point_in_use(cards: SiteCards, database: Database) -> None:
    who = admin("base")
    assert await base_card(database, "base", SHIPPED) == (SHIPPED, None)
    await OperatingPoints(database).choose(who, SHIPPED, "youden", SHIPPED.version, None, CONTEXT)
    base, site = await base_card(database, "base", SHIPPED)
    assert (base.version, base.operating_point.name, site) == (SHIPPED.version, "youden", None)
    await cards.add(who, site_card(1), shipped_card())
    await choose(cards, "base", SITE[1])
    assert await base_card(database, "base", SHIPPED) == (SHIPPED, SITE[1])


CHANGED = {
    "a threshold": {"operating_points": {"high_sensitivity": {"threshold": 0.9}}},
    "a volume rule": {"volume_rule": {"name": "maximum", "mm": None}},
    "views": {"view_spacing_mm": 5.0},
    "the error range": {"error_range": {"r_min": 0.0, "r_max": 9.0}},
    "training": {"trained": False},
    "more": {"note": "by hand"},
    "networks": {"file_hashes": {"a": "1" * 64}},
    "the version of a site": {"version": "site-0123456789ab"},
    "the shipped version": {"version": SHIPPED.version},
    "no studies": {"site": {}},
}


@pytest.mark.parametrize("changed", CHANGED.values(), ids=CHANGED)
async def test_a_card_that_no_calibration_made_so_is_not_kept(
    cards: SiteCards, database: Database, changed: Mapping[str, Any]
) -> None:
    with pytest.raises(InvalidSiteCard):
        await cards.add(admin("changed"), {**site_card(1), **changed}, shipped_card())
    assert (await cards.all("changed", SHIPPED))[1] == []


@pytest.mark.parametrize("changed", [{"test_time_slices": 0}, {"file_hashes": {"a": "1" * 64}}])
async def test_a_card_of_another_export_is_not_kept(cards: SiteCards, changed: Mapping[str, Any]) -> None:
    with pytest.raises(InvalidSiteCard):
        await cards.add(admin("export"), site_card(1, **changed), shipped_card())
    assert (await cards.all("export", SHIPPED))[1] == []


async def test_of_a_version_there_is_one_card(cards: SiteCards, database: Database) -> None:
    async with database.transaction() as session:
        await site_cards.add(session, "unequal", {**site_card(1), "calibration": {"a": 1.0, "b": 0.0}}, "tester")
    with pytest.raises(InvalidSiteCard, match="kept already"):
        await cards.add(admin("unequal"), site_card(1), shipped_card())
    (kept,) = (await cards.all("unequal", SHIPPED))[1]
    assert kept.card["calibration"]["a"] == 1.0


async def test_the_same_card_twice_is_one(cards: SiteCards) -> None:
    for _ in range(2):
        await cards.add(admin("twice"), site_card(7), shipped_card())
    _, listed = await cards.all("twice", SHIPPED)
    assert [card.version for card in listed] == [SITE[7]]


async def test_of_two_admins_at_once_one_is_refused(cards: SiteCards) -> None:
    for number in (1, 2):
        await cards.add(admin("two"), site_card(number), shipped_card())
    both = await asyncio.gather(*(choose(cards, "two", SITE[n], seen=0) for n in (1, 2)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in both) == ["PreconditionFailed", "int"]
    with pytest.raises(PreconditionFailed):
        await choose(cards, "two", SITE[1], seen=0)


async def test_calibration_and_each_change_are_audit_events(cards: SiteCards, database: Database) -> None:
    await cards.add(admin("audited"), site_card(1), shipped_card())
    await choose(cards, "audited", SITE[1])
    await cards.take_back(admin("audited"), SHIPPED)
    await seal_all(database)
    async with database.transaction() as session:
        mine = select(AuditRow).where(AuditRow.institution == "audited").order_by(AuditRow.seq)
        events = (await session.scalars(mine)).all()
    assert [(event.action, event.entity_id, event.detail) for event in events] == [
        ("create", SITE[1], {"calibrated": True, "studies": 70}),
        ("update", SITE[1], {"from": SHIPPED.version, "to": SITE[1]}),
        ("update", SHIPPED.version, {"from": SITE[1], "to": SHIPPED.version}),
    ]

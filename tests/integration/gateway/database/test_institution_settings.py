"""The operating point that an institution has chosen, on a real PostgreSQL."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.audit.sealing import seal_all
from gateway.database.connection import Database
from gateway.database.tables import AuditRow
from gateway.errors import ModelCardChanged, PreconditionFailed, UnknownOperatingPoint
from gateway.permissions import ALL_SCOPES, Role
from gateway.principal import Principal, PrincipalKind, RequestContext
from gateway.screening.operating_point import ActiveOperatingPoint, OperatingPoints
from screening.results.model_card import ModelCard, OperatingPoint

FACTS = RequestContext("127.0.0.1", "request")
SHIPPED = ModelCard.load(Path(__file__).parents[4] / "model_repository" / "model_card.json")
POINTS = {name: OperatingPoint(name, threshold) for name, threshold in (("screening", 0.3), ("youden", 0.5))}
CARD = replace(SHIPPED, version="card-1", operating_points=POINTS, operating_point=POINTS["screening"])


def admin(institution: str) -> Principal:
    return Principal("token:1", PrincipalKind.PROGRAM, "admin", Role.ADMIN, institution, ALL_SCOPES)


async def chosen(
    points: OperatingPoints, institution: str, point: str, seen: int | None = None
) -> ActiveOperatingPoint:
    return await points.choose(admin(institution), CARD, point, "card-1", None if seen is None else {seen}, FACTS)


@pytest.fixture
def points(database: Database) -> OperatingPoints:
    return OperatingPoints(database)


async def test_without_a_choice_the_default_point_of_the_card_is_active(points: OperatingPoints) -> None:
    assert await points.read("nowhere", CARD) == ActiveOperatingPoint(POINTS["screening"], chosen=False, version=0)


async def test_a_choice_is_active_for_its_institution_only(points: OperatingPoints) -> None:
    assert (await chosen(points, "north", "youden")).version == 1
    assert (await points.read("north", CARD)).point.name == "youden"
    assert (await points.read("south", CARD)).point.name == "screening"


async def test_a_choice_with_an_old_version_is_refused(points: OperatingPoints) -> None:
    await chosen(points, "east", "youden", seen=0)
    for stale in (0, 2):
        with pytest.raises(PreconditionFailed):
            await chosen(points, "east", "screening", seen=stale)
    assert (await chosen(points, "east", "screening", seen=1)).version == 2


async def test_of_two_concurrent_first_choices_one_is_refused(points: OperatingPoints) -> None:
    both = await asyncio.gather(
        *(chosen(points, "west", name, seen=0) for name in ("youden", "screening")), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in both) == ["ActiveOperatingPoint", "PreconditionFailed"]


async def test_only_points_of_the_served_card_can_be_chosen(points: OperatingPoints) -> None:
    with pytest.raises(UnknownOperatingPoint):
        await chosen(points, "north", "0.01")
    with pytest.raises(ModelCardChanged):
        await points.choose(admin("north"), CARD, "youden", "card-0", None, FACTS)


async def test_a_choice_does_not_hold_for_other_weights(points: OperatingPoints) -> None:
    await chosen(points, "void", "youden")
    after = await points.read("void", replace(CARD, version="card-2"))
    assert (after.point.name, after.chosen, after.version) == ("screening", False, 1)
    assert (await points.read("void", CARD)).point.name == "youden", "back on the old weights, their choice holds again"


async def test_a_choice_is_an_audit_event(points: OperatingPoints, database: Database) -> None:
    await chosen(points, "audited", "youden")
    await seal_all(database)
    async with database.transaction() as session:
        event = (await session.scalars(select(AuditRow).where(AuditRow.institution == "audited"))).one()
    assert (event.action, event.entity) == ("update", "operating_point")
    assert event.detail == {"from": "screening", "to": "youden", "model_card": "card-1"}

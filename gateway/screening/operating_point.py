"""The operating point that an institution works at: the model card's own, until an admin chooses another of its points.

Only points of the card may be chosen: a threshold without a measured sensitivity is no operating point. A choice holds
for the card that it was made for; with other weights their card's own point is in force again.
"""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.audit import audit_log
from gateway.database.connection import AsyncSession, Database
from gateway.database.tables import ChoiceRow
from gateway.errors import CardChanged, PreconditionFailed, UnknownOperatingPoint
from gateway.principal import Principal, RequestContext
from gateway.screening.store import institution_settings
from screening.model_card import ModelCard, OperatingPoint

NAME: Final = "operating_point"


@dataclass(frozen=True)
class InForce:
    """The point in force; `version` counts the choices, 0 when nobody chose."""

    point: OperatingPoint
    chosen: bool
    version: int
    updated_at: datetime | None = None
    updated_by: str | None = None


async def in_force(session: AsyncSession, institution: str, card: ModelCard) -> InForce:
    """What new analyses of the institution are judged by."""
    return _of(await institution_settings.find(session, institution, NAME), card)


class OperatingPoints:
    """Reads and makes the choice, each in the audit; always of the card that the caller holds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, institution: str, card: ModelCard) -> InForce:
        """The point in force with this card."""
        async with self._database.transaction() as session:
            return await in_force(session, institution, card)

    async def choose(
        self,
        principal: Principal,
        card: ModelCard,
        point: str,
        model_card: str,
        seen: Set[int] | None,
        context: RequestContext,
    ) -> InForce:
        """Put `point` in force for analyses to come; reports that exist keep the point they were judged by.

        Raises UnknownOperatingPoint, CardChanged when `model_card`, which the asker looked at, is not the card that is
        served, and PreconditionFailed when the choice is no longer one that was `seen`.
        """
        if model_card != card.version:
            raise CardChanged("other weights are served now; look at their figures before you choose")
        if point not in card.operating_points:
            raise UnknownOperatingPoint(f"the model card has {', '.join(card.operating_points)}")
        async with self._database.transaction() as session:
            before = await in_force(session, principal.institution, card)
            value = {"point": point, "model_card": model_card}
            row = await institution_settings.put(session, principal.institution, NAME, value, principal.key, seen)
            if row is None:
                raise PreconditionFailed("somebody else chose meanwhile; look again")
            detail = {"from": before.point.name, "to": point, "model_card": model_card}
            await audit_log.record(session, principal, audit_log.Action.UPDATE, NAME, None, context, detail)
        return _of(row, card)


def _of(row: ChoiceRow | None, card: ModelCard) -> InForce:
    if row is None:
        return InForce(card.operating_point, chosen=False, version=0)
    point = card.operating_points.get(row.value["point"])
    if point is None or row.value["model_card"] != card.version:
        return InForce(card.operating_point, chosen=False, version=row.version)
    return InForce(point, True, row.version, row.updated_at, row.updated_by)

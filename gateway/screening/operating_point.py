"""The operating point of an institution: the model card's default, until an admin chooses another of its points.

Only points of the card can be chosen: a threshold without a measured sensitivity is no operating point. The choice
holds for one model card; with other weights the default of their card is active again.
"""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.audit import audit_log
from gateway.database.connection import AsyncSession, Database
from gateway.database.tables import InstitutionSettingRow
from gateway.errors import ModelCardChanged, PreconditionFailed, UnknownOperatingPoint
from gateway.principal import Principal, RequestContext
from gateway.screening.store import institution_settings
from screening.results.model_card import ModelCard, OperatingPoint

SETTING: Final = "operating_point"


@dataclass(frozen=True)
class ActiveOperatingPoint:
    """The active point; `version` counts the choices, 0 when none was made."""

    point: OperatingPoint
    chosen: bool
    version: int
    updated_at: datetime | None = None
    updated_by: str | None = None


async def active_operating_point(session: AsyncSession, institution: str, card: ModelCard) -> ActiveOperatingPoint:
    """The operating point of new analyses of the institution."""
    return _of(await institution_settings.find(session, institution, SETTING), card)


class OperatingPoints:
    """Reads and writes the choice; each choice is an audit event. The caller gives the model card that it uses."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, institution: str, card: ModelCard) -> ActiveOperatingPoint:
        """The active point with this card."""
        async with self._database.transaction() as session:
            return await active_operating_point(session, institution, card)

    async def choose(
        self,
        principal: Principal,
        card: ModelCard,
        point: str,
        model_card: str,
        expected: Set[int] | None,
        context: RequestContext,
    ) -> ActiveOperatingPoint:
        """Choose `point` for new analyses; existing reports keep their point.

        Raises UnknownOperatingPoint; ModelCardChanged when `model_card`, whose figures the admin saw, is not served any
        more; PreconditionFailed unless the version of the choice is one of `expected`.
        """
        if model_card != card.version:
            raise ModelCardChanged("other weights are served now; look at their figures before you choose")
        if point not in card.operating_points:
            raise UnknownOperatingPoint(f"the model card has {', '.join(card.operating_points)}")
        async with self._database.transaction() as session:
            before = await active_operating_point(session, principal.institution, card)
            value = {"point": point, "model_card": model_card}
            row = await institution_settings.put(
                session, principal.institution, SETTING, value, principal.key, expected
            )
            if row is None:
                raise PreconditionFailed("another choice was made meanwhile; read it again")
            detail = {"from": before.point.name, "to": point, "model_card": model_card}
            await audit_log.record(session, principal, audit_log.Action.UPDATE, SETTING, None, context, detail)
        return _of(row, card)


def _of(row: InstitutionSettingRow | None, card: ModelCard) -> ActiveOperatingPoint:
    if row is None:
        return ActiveOperatingPoint(card.operating_point, chosen=False, version=0)
    point = card.operating_points.get(row.value["point"])
    if point is None or row.value["model_card"] != card.version:
        return ActiveOperatingPoint(card.operating_point, chosen=False, version=row.version)
    return ActiveOperatingPoint(point, True, row.version, row.updated_at, row.updated_by)

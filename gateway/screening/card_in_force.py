"""The model card in force for new studies of an institution: the shipped one, until a card of its own is chosen.

A card of the site holds for the networks that it was calibrated with. When other networks are activated their own card
is in force; back on the old networks, the site's card is in force again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from gateway.database.connection import AsyncSession, Database
from gateway.database.tables import InstitutionSettingRow
from gateway.screening.operating_point import active_operating_point
from gateway.screening.store import institution_settings, site_cards
from screening.results.model_card import ModelCard

SETTING: Final = "model_card"


@dataclass(frozen=True)
class CardInForce:
    """The card, parsed and as JSON (None: the shipped card itself); `changes` counts the choices, 0 when none.

    `dropped_point`, after a change only: the operating point that was chosen for the card before, and no longer holds.
    """

    card: ModelCard
    site_json: Mapping[str, Any] | None = None
    changes: int = 0
    changed_at: datetime | None = None
    changed_by: str | None = None
    dropped_point: str | None = None


async def card_in_force(session: AsyncSession, institution: str, shipped: ModelCard) -> CardInForce:
    """The card for new studies with the networks of the `shipped` card."""
    setting = await institution_settings.find(session, institution, SETTING)
    return await card_of(session, institution, shipped, setting)


async def card_of(
    session: AsyncSession, institution: str, shipped: ModelCard, setting: InstitutionSettingRow | None
) -> CardInForce:
    """The card that the setting puts in force."""
    if setting is None:
        return CardInForce(shipped)
    row = await site_cards.find(session, institution, setting.value["version"])
    chosen = (setting.version, setting.updated_at, setting.updated_by)
    if row is None or not belongs(row.card, shipped):
        return CardInForce(shipped, None, *chosen)
    return CardInForce(ModelCard.from_json(row.card), row.card, *chosen)


def belongs(card: Mapping[str, Any], shipped: ModelCard) -> bool:
    """Whether the card was calibrated with the networks of the shipped one."""
    return bool(card["file_hashes"] == dict(shipped.file_hashes))


@dataclass(frozen=True)
class CardsInForce:
    """Reads what new studies of an institution are screened with."""

    database: Database

    async def read(self, institution: str, shipped: ModelCard) -> CardInForce:
        """The card in force, with its own operating point by default."""
        async with self.database.transaction() as session:
            return await card_in_force(session, institution, shipped)

    async def for_screening(self, institution: str, shipped: ModelCard) -> ModelCard:
        """The card in force, with the operating point that the institution has chosen."""
        async with self.database.transaction() as session:
            card = (await card_in_force(session, institution, shipped)).card
            active = await active_operating_point(session, institution, card)
        return replace(card, operating_point=active.point)

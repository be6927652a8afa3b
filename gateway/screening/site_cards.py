"""The model cards of a site: added by `turnstile calibrate`, put in force and taken back by an admin, each audited."""

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from gateway.audit import audit_log
from gateway.database.connection import AsyncSession, Database
from gateway.errors import InvalidSiteCard, PreconditionFailed, UnknownModelCard
from gateway.principal import Principal, RequestContext
from gateway.screening.card_in_force import SETTING, CardInForce, belongs, card_in_force, card_of
from gateway.screening.operating_point import active_operating_point
from gateway.screening.site_card_check import check_site_card
from gateway.screening.store import institution_settings, site_cards
from screening.results.model_card import ModelCard

ENTITY: Final = "model_card"


@dataclass(frozen=True)
class SiteCard:
    """A card of the site; `usable`: it was calibrated with the networks that are served now."""

    version: str
    card: Mapping[str, Any]
    usable: bool
    created_at: datetime
    created_by: str


class SiteCards:
    """The cards of the principal's institution. `shipped` is the card of the networks that are served."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, principal: Principal, card: Mapping[str, Any], shipped: Mapping[str, Any]) -> None:
        """Keep a calibrated card; the same one twice is one. It is not in force until it is chosen.

        `shipped` is the card of the served networks, as JSON. Raises InvalidSiteCard, InvalidModelCard; then nothing is
        kept.
        """
        check_site_card(card, shipped)
        version = card["version"]
        async with self._database.transaction() as session:
            if await site_cards.add(session, principal.institution, card, principal.key):
                detail: audit_log.Detail = {"calibrated": True, "studies": card["site"]["studies"]}
                await audit_log.record(session, principal, audit_log.Action.CREATE, ENTITY, version, None, detail)
                return
            kept = await site_cards.find(session, principal.institution, version)
            if kept is None or kept.card != json.loads(json.dumps(card)):
                raise InvalidSiteCard(f"another card {version} is kept already, with other content: calibrate again")

    async def all(self, institution: str, shipped: ModelCard) -> tuple[CardInForce, Sequence[SiteCard]]:
        """The card in force, and all cards of the site, newest first."""
        async with self._database.transaction() as session:
            rows = await site_cards.of_institution(session, institution)
            found = [
                SiteCard(row.version, row.card, belongs(row.card, shipped), row.created_at, row.created_by)
                for row in rows
            ]
            return await card_in_force(session, institution, shipped), found

    async def choose(
        self,
        principal: Principal,
        shipped: ModelCard,
        version: str,
        expected: Set[int] | None,
        context: RequestContext | None,
    ) -> CardInForce:
        """Put a card in force for new studies: one of the site's, or the shipped one. Reports keep their card.

        Raises UnknownModelCard; PreconditionFailed unless the number of changes is one of `expected`.
        """
        async with self._database.transaction() as session:
            await self._check(session, principal.institution, shipped, version)
            before = await card_in_force(session, principal.institution, shipped)
            return await self._change(session, principal, shipped, before.card.version, version, expected, context)

    async def take_back(self, principal: Principal, shipped: ModelCard) -> CardInForce:
        """Put the card in force that was before the last change; twice is as before. Raises UnknownModelCard."""
        async with self._database.transaction() as session:
            setting = await institution_settings.find(session, principal.institution, SETTING)
            if setting is None:
                raise UnknownModelCard("no other model card was in force before")
            before, version = setting.value["version"], setting.value["before"]
            await self._check(session, principal.institution, shipped, version)
            return await self._change(session, principal, shipped, before, version, {setting.version}, None)

    async def _change(
        self,
        session: AsyncSession,
        principal: Principal,
        shipped: ModelCard,
        before: str,
        version: str,
        expected: Set[int] | None,
        context: RequestContext | None,
    ) -> CardInForce:
        old = (await card_in_force(session, principal.institution, shipped)).card
        value = {"version": version, "before": before}
        row = await institution_settings.put(session, principal.institution, SETTING, value, principal.key, expected)
        if row is None:
            raise PreconditionFailed("another model card was put in force meanwhile; read it again")
        in_force = await card_of(session, principal.institution, shipped, row)
        dropped = await _dropped_point(session, principal.institution, old, in_force.card)
        detail: audit_log.Detail = {"from": before, "to": version} | ({"dropped_point": dropped} if dropped else {})
        await audit_log.record(session, principal, audit_log.Action.UPDATE, ENTITY, version, context, detail)
        return replace(in_force, dropped_point=dropped)

    async def _check(self, session: AsyncSession, institution: str, shipped: ModelCard, version: str) -> None:
        if version == shipped.version:
            return
        row = await site_cards.find(session, institution, version)
        if row is None:
            raise UnknownModelCard("there is no such model card; `turnstile calibrate` makes one")
        if not belongs(row.card, shipped):
            raise UnknownModelCard("the card was calibrated with other networks than those served: calibrate again")


async def _dropped_point(session: AsyncSession, institution: str, old: ModelCard, new: ModelCard) -> str | None:
    """The point that was chosen for the old card, where the new one is used at its default."""
    before, after = [await active_operating_point(session, institution, card) for card in (old, new)]
    return before.point.name if before.chosen and not after.chosen else None

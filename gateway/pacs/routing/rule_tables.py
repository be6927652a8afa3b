"""The table of rules of an institution, read and replaced as a whole; each change is an audit event.

It is a setting of the institution (`institution_settings`), one value with one version: so the order, the names and the
rules change together, and of two admins who change them at once one is refused.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from gateway.audit import audit_log
from gateway.database.connection import AsyncSession, Database
from gateway.database.tables import InstitutionSettingRow
from gateway.errors import PreconditionFailed
from gateway.pacs.routing.rule import RoutingRule, RuleTable
from gateway.principal import Principal, RequestContext
from gateway.screening.store import institution_settings

SETTING: Final = "routing_rules"


@dataclass(frozen=True)
class RulesInForce:
    """The rules; `version` counts the changes, 0 when there was none."""

    rules: tuple[RoutingRule, ...]
    version: int = 0
    updated_at: datetime | None = None
    updated_by: str | None = None

    @classmethod
    def of(cls, row: InstitutionSettingRow | None) -> Self:
        """The rules of the setting; a value that is no table of rules raises ValidationError, and decides nothing."""
        if row is None:
            return cls(())
        return cls(RuleTable.model_validate(row.value).rules, row.version, row.updated_at, row.updated_by)


async def rules_in_force(session: AsyncSession, institution: str) -> tuple[RoutingRule, ...]:
    """The rules that decide now."""
    return RulesInForce.of(await institution_settings.find(session, institution, SETTING)).rules


@dataclass(frozen=True)
class RuleTables:
    """Reads and replaces the rules of the principal's institution."""

    database: Database

    async def read(self, principal: Principal) -> RulesInForce:
        """The rules in force."""
        async with self.database.transaction() as session:
            return RulesInForce.of(await institution_settings.find(session, principal.institution, SETTING))

    async def replace(
        self, principal: Principal, table: RuleTable, expected: Set[int] | None, context: RequestContext | None
    ) -> RulesInForce:
        """Put other rules in force for studies that are complete from now on.

        Raises PreconditionFailed unless the version of the rules is one of `expected`.
        """
        async with self.database.transaction() as session:
            before = await rules_in_force(session, principal.institution)
            row = await institution_settings.put(
                session, principal.institution, SETTING, table.model_dump(mode="json"), principal.key, expected
            )
            if row is None:
                raise PreconditionFailed("the rules were changed meanwhile; read them again")
            detail = {"before": _texts(before), "after": _texts(table.rules)}
            await audit_log.record(session, principal, audit_log.Action.UPDATE, SETTING, None, context, detail)
        return RulesInForce.of(row)


def _texts(rules: Sequence[RoutingRule]) -> list[str]:
    """Each rule as JSON, without the conditions that ask nothing."""
    return [rule.model_dump_json(exclude_defaults=True) for rule in rules]

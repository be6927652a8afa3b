"""Tokens for programs: made, listed, ended; each deed in the audit."""

from collections.abc import Sequence
from uuid import UUID

from gateway.audit import audit_log
from gateway.auth import api_tokens
from gateway.auth.api_tokens import NewToken
from gateway.auth.store import tokens as rows
from gateway.database.connection import Database
from gateway.database.tables.people import TokenRow
from gateway.errors import NotFound, NotPermitted
from gateway.principal import Principal, RequestContext


class Tokens:
    """The tokens of the asker's institution."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, principal: Principal, new: NewToken, context: RequestContext | None) -> tuple[TokenRow, str]:
        """The token, and its text, which is told here and never again; raises NotPermitted beyond one's own scopes."""
        if beyond := new.scopes - principal.scopes:
            raise NotPermitted(f"you have no {', '.join(sorted(beyond))} to give away")
        async with self._database.transaction() as session:
            row, text = await api_tokens.mint(session, new)
            detail = {"role": row.role, "scopes": row.scopes}
            await audit_log.record(session, principal, audit_log.Action.CREATE, "token", row.id, context, detail)
        return row, text

    async def page(
        self, principal: Principal, limit: int, offset: int, context: RequestContext | None
    ) -> tuple[Sequence[TokenRow], int]:
        """Newest first, the dead ones too, and how many there are."""
        async with self._database.transaction() as session:
            found, total = await rows.page(session, principal.institution, limit, offset)
            await audit_log.record(
                session, principal, audit_log.Action.READ, "token", None, context, {"count": len(found)}
            )
        return found, total

    async def revoke(self, principal: Principal, token_id: UUID, context: RequestContext | None) -> None:
        """End it and every session that it opened; raises NotFound."""
        async with self._database.transaction() as session:
            if await api_tokens.revoke(session, principal.institution, token_id) is None:
                raise NotFound("there is no such token")
            await audit_log.record(session, principal, audit_log.Action.DELETE, "token", token_id, context)

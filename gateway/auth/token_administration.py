"""API tokens: created, listed, revoked. Each action writes an audit event."""

from collections.abc import Sequence
from uuid import UUID

from gateway.audit import audit_log
from gateway.auth import api_tokens
from gateway.auth.api_tokens import NewToken
from gateway.auth.store import tokens as rows
from gateway.database.connection import Database
from gateway.database.tables.auth import TokenRow
from gateway.errors import NotFound, NotPermitted
from gateway.principal import Principal, RequestContext


class TokenAdministration:
    """The API tokens of the principal's institution."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, principal: Principal, new: NewToken, context: RequestContext | None) -> tuple[TokenRow, str]:
        """The token and its text, which cannot be read again; raises NotPermitted beyond the principal's scopes."""
        if beyond := new.scopes - principal.scopes:
            raise NotPermitted(f"you cannot give a token {', '.join(sorted(beyond))}: you do not have it")
        async with self._database.transaction() as session:
            row, text = await api_tokens.create_token(session, new)
            detail = {"role": row.role, "scopes": row.scopes}
            await audit_log.record(session, principal, audit_log.Action.CREATE, "token", row.id, context, detail)
        return row, text

    async def page(
        self, principal: Principal, limit: int, offset: int, context: RequestContext | None
    ) -> tuple[Sequence[TokenRow], int]:
        """Tokens, newest first, with revoked and expired ones, and their total number."""
        async with self._database.transaction() as session:
            found, total = await rows.page(session, principal.institution, limit, offset)
            await audit_log.record(
                session, principal, audit_log.Action.READ, "token", None, context, {"count": len(found)}
            )
        return found, total

    async def revoke(self, principal: Principal, token_id: UUID, context: RequestContext | None) -> None:
        """Revoke the token and delete its sessions; raises NotFound."""
        async with self._database.transaction() as session:
            if await api_tokens.revoke(session, principal.institution, token_id) is None:
                raise NotFound("there is no such token")
            await audit_log.record(session, principal, audit_log.Action.DELETE, "token", token_id, context)

"""Ends browser sessions of others: of an account that was disabled at the identity provider, or of everybody."""

from gateway.audit import audit_log
from gateway.auth.store import sessions
from gateway.database.connection import Database
from gateway.errors import NotFound
from gateway.principal import Principal, RequestContext


async def end_sessions(
    database: Database, principal: Principal, account: str | None, context: RequestContext | None
) -> int:
    """End the sessions of an account of the principal's institution, or of all accounts; return their number.

    `account` is a principal's key, as the audit log has it. Raises NotFound when the account has no session.
    """
    async with database.transaction() as session:
        ended = await sessions.delete_of_institution(session, principal.institution, account)
        if account is not None and not ended:
            raise NotFound(f"{account} has no session at {principal.institution}")
        detail: audit_log.Detail = {"account": account or "all", "count": ended}
        await audit_log.record(session, principal, audit_log.Action.DELETE, "session", None, context, detail)
    return ended

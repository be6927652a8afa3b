"""Writes the audit event of an action, in the same transaction as the action.

    async with database.transaction() as session:
        ... the change ...
        await audit_log.record(session, principal, Action.DELETE, "patient", patient.id, context)

So there is no action without its event, and no event without its action. `sealing` links the events into the chain.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from gateway.audit import store
from gateway.audit.hash_chain import Action, Detail, Event, Outcome
from gateway.database.connection import AsyncSession
from gateway.principal import Principal, RequestContext

NO_DETAIL: Final[Detail] = {}
UNKNOWN_ACTOR: Final = "stranger"

__all__ = ["Action", "Detail", "Outcome", "record", "record_refused_credential"]


async def record(
    session: AsyncSession,
    principal: Principal,
    action: Action,
    entity: str,
    entity_id: UUID | str | None,
    context: RequestContext | None,
    detail: Detail = NO_DETAIL,
    outcome: Outcome = Outcome.SUCCESS,
) -> None:
    """Record that `principal` did `action` to the `entity` with this id; None for a list, whose ids go into `detail`.

    `context` is None without an HTTP request. `detail` takes strings, integers, booleans and lists of strings; never a
    patient's name, a description or a file name.
    """
    await _append(
        session,
        context,
        actor=principal.key,
        actor_kind=principal.kind,
        role=principal.role,
        institution=principal.institution,
        action=action,
        entity=entity,
        entity_id=None if entity_id is None else str(entity_id),
        outcome=outcome,
        detail=_json_values(detail),
    )


async def record_refused_credential(
    session: AsyncSession, institution: str, context: RequestContext, detail: Detail
) -> None:
    """Record that a credential was refused; the principal is unknown."""
    await _append(
        session,
        context,
        actor=UNKNOWN_ACTOR,
        actor_kind=UNKNOWN_ACTOR,
        role="none",
        institution=institution,
        action=Action.LOGIN,
        entity="session",
        entity_id=None,
        outcome=Outcome.REFUSED,
        detail=_json_values(detail),
    )


async def _append(session: AsyncSession, context: RequestContext | None, **fields: Any) -> None:
    address, request_id = (context.address, context.request_id) if context else (None, None)
    await store.append(session, Event(at=datetime.now(UTC), address=address, request_id=request_id, **fields))


def _json_values(detail: Detail) -> Mapping[str, str | int | bool | list[str] | None]:
    """Tuples as lists: the hash covers the values as the database returns them."""
    return {
        name: value if value is None or isinstance(value, str | int | bool) else list(value)
        for name, value in detail.items()
    }

"""Every call that touches a patient's data leaves a word in the audit, in the same transaction as the deed.

    async with database.transaction() as session:
        ... the change ...
        await audit_log.record(session, principal, Action.DELETE, "patient", patient.id, context)

It comes last in the transaction: from here to the commit no other audited transaction can end. What it costs was
measured; see docs/security.md.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from gateway.audit import store
from gateway.audit.hash_chain import Action, Detail, Event, Outcome
from gateway.database.connection import AsyncSession
from gateway.principal import Principal, RequestContext

NOTHING: Final[Detail] = {}
STRANGER: Final = "stranger"

__all__ = ["Action", "Detail", "Outcome", "record", "record_stranger"]


async def record(
    session: AsyncSession,
    principal: Principal,
    action: Action,
    entity: str,
    entity_id: UUID | str | None,
    context: RequestContext | None,
    detail: Detail = NOTHING,
    outcome: Outcome = Outcome.SUCCESS,
) -> None:
    """Say that `principal` did `action` to the `entity` of that id; None for a list, whose ids go into `detail`.

    `context` is None for what no request asked for. `detail` takes texts, whole numbers, truths and lists of texts, and
    never a name, a description or a file name.
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
        detail=_plain(detail),
    )


async def record_stranger(session: AsyncSession, institution: str, context: RequestContext, detail: Detail) -> None:
    """Say that somebody showed a credential which opened nothing."""
    await _append(
        session,
        context,
        actor=STRANGER,
        actor_kind=STRANGER,
        role="none",
        institution=institution,
        action=Action.LOGIN,
        entity="session",
        entity_id=None,
        outcome=Outcome.REFUSED,
        detail=_plain(detail),
    )


async def _append(session: AsyncSession, context: RequestContext | None, **words: Any) -> None:
    address, request_id = (context.address, context.request_id) if context else (None, None)
    await store.append(session, Event(at=datetime.now(UTC), address=address, request_id=request_id, **words))


def _plain(detail: Detail) -> Mapping[str, str | int | bool | list[str] | None]:
    """Lists for tuples: the hash is made of what the database gives back."""
    return {
        name: value if value is None or isinstance(value, str | int | bool) else list(value)
        for name, value in detail.items()
    }

"""The audit as its readers want it: a page of it, all of it as lines, and whether its chain holds."""

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any, Literal

from gateway.audit import audit_log
from gateway.audit import store as rows
from gateway.audit.fhir_export import as_audit_event
from gateway.audit.hash_chain import Link, Verification, verify
from gateway.audit.store import AuditFilter
from gateway.database.connection import Database
from gateway.principal import Principal, RequestContext

Format = Literal["jsonl", "fhir"]


class AuditTrail:
    """What the audit holds of the asker's institution; to read it is an event too."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, principal: Principal, wanted: AuditFilter, limit: int, offset: int, context: RequestContext
    ) -> tuple[tuple[Link, ...], int]:
        """Events, newest first, and how many there are in all."""
        async with self._database.transaction() as session:
            found = await rows.page(session, wanted, limit, offset)
            await audit_log.record(
                session, principal, audit_log.Action.READ, "audit", None, context, {"count": len(found[0])}
            )
        return found

    async def export(
        self, principal: Principal, wanted: AuditFilter, form: Format, context: RequestContext
    ) -> AsyncIterator[bytes]:
        """Every event as one line, oldest first: as it stands in the chain, or as FHIR has it (NDJSON)."""
        async with self._database.transaction() as session:
            await audit_log.record(
                session, principal, audit_log.Action.EXPORT, "audit", None, context, {"format": form}
            )
        async with self._database.transaction() as session:
            async for link in rows.links(session, wanted):
                told = as_audit_event(link) if form == "fhir" else as_json(link)
                yield json.dumps(told, ensure_ascii=False).encode() + b"\n"

    async def verification(self) -> Verification:
        """The whole chain, of every institution, walked from its first row."""
        async with self._database.transaction() as session:
            return await verify(rows.links(session))


def as_json(link: Link) -> dict[str, Any]:
    """The event and its place in the chain."""
    told = asdict(link.event) | {"at": link.event.at.isoformat(timespec="microseconds")}
    return {"seq": link.seq, **told, "previous_hash": link.previous_hash, "hash": link.hash}

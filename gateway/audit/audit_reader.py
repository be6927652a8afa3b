"""Reads the audit log: one page, an export of all events, and the verification of the hash chain."""

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any, Literal

from gateway.audit import audit_log
from gateway.audit import store as rows
from gateway.audit.fhir_export import as_audit_event
from gateway.audit.hash_chain import ChainVerification, Link, verify_chain
from gateway.audit.store import AuditFilter
from gateway.database.connection import Database
from gateway.principal import Principal, RequestContext

ExportFormat = Literal["jsonl", "fhir"]


class AuditReader:
    """The audit events of the principal's institution. Reading them writes an event too."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, principal: Principal, criteria: AuditFilter, limit: int, offset: int, context: RequestContext
    ) -> tuple[tuple[Link, ...], int]:
        """Events, newest first, and their total number."""
        async with self._database.transaction() as session:
            found = await rows.page(session, criteria, limit, offset)
            await audit_log.record(
                session, principal, audit_log.Action.READ, "audit", None, context, {"count": len(found[0])}
            )
        return found

    async def export(
        self, principal: Principal, criteria: AuditFilter, export_format: ExportFormat, context: RequestContext
    ) -> AsyncIterator[bytes]:
        """All events, oldest first, each as one line of NDJSON: our own JSON, or FHIR AuditEvent."""
        async with self._database.transaction() as session:
            await audit_log.record(
                session, principal, audit_log.Action.EXPORT, "audit", None, context, {"format": export_format}
            )
        async with self._database.transaction() as session:
            async for link in rows.read_chain(session, criteria):
                event = as_audit_event(link) if export_format == "fhir" else as_json(link)
                yield json.dumps(event, ensure_ascii=False).encode() + b"\n"

    async def verify(self) -> ChainVerification:
        """Verify the whole chain, of all institutions, from its first row."""
        async with self._database.transaction() as session:
            return await verify_chain(rows.read_chain(session))


def as_json(link: Link) -> dict[str, Any]:
    """The event with its number and hashes."""
    event = asdict(link.event) | {"at": link.event.at.isoformat(timespec="microseconds")}
    return {"seq": link.seq, **event, "previous_hash": link.previous_hash, "hash": link.hash}

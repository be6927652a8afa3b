"""Reads the audit log: one page, an export of all events, and the verification of the hash chain."""

import json
from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from typing import Any, Literal

from gateway.audit import audit_log
from gateway.audit import store as rows
from gateway.audit.fhir_export import as_audit_event
from gateway.audit.hash_chain import ChainVerification, Link, verify_chain
from gateway.audit.sealing import seal_all
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
        await seal_all(self._database)
        async with self._database.transaction() as session:
            found = await rows.page(session, criteria, limit, offset)
            await audit_log.record(
                session, principal, audit_log.Action.READ, "audit", None, context, {"count": len(found[0])}
            )
        return found

    async def export(
        self, principal: Principal, criteria: AuditFilter, export_format: ExportFormat, context: RequestContext
    ) -> AsyncIterator[bytes]:
        """All events to this one, oldest first, each as one line of NDJSON: our own JSON, or FHIR AuditEvent."""
        async with self._database.transaction() as session:
            await audit_log.record(
                session, principal, audit_log.Action.EXPORT, "audit", None, context, {"format": export_format}
            )
        await seal_all(self._database)
        async for link in self._chain(criteria):
            event = as_audit_event(link) if export_format == "fhir" else as_json(link)
            yield json.dumps(event, ensure_ascii=False).encode() + b"\n"

    async def verify(self) -> ChainVerification:
        """Verify the whole chain, of all institutions, from its first row; count the events that wait beside it."""
        chain = await verify_chain(self._chain())
        async with self._database.transaction() as session:
            return replace(chain, unsealed=await rows.count_pending(session))

    async def _chain(self, criteria: AuditFilter | None = None) -> AsyncIterator[Link]:
        """Events in the order of the chain, to its present head; all of them without criteria.

        No transaction is open while the caller works on an event, however long it takes: rows never change.
        """
        async with self._database.transaction() as session:
            seq, head = 0, await rows.head_seq(session)
        while True:
            async with self._database.transaction() as session:
                links = await rows.next_links(session, seq, head, criteria)
            for link in links:
                yield link
            if len(links) < rows.ROWS_PER_READ:
                return
            seq = links[-1].seq


def as_json(link: Link) -> dict[str, Any]:
    """The event with its number and hashes."""
    event = asdict(link.event) | {"at": link.event.at.isoformat(timespec="microseconds")}
    return {"seq": link.seq, **event, "previous_hash": link.previous_hash, "hash": link.hash}

"""The audit log over HTTP: /api/audit, for admins."""

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel

from gateway.audit.audit_reader import AuditReader, ExportFormat, as_json
from gateway.audit.hash_chain import Action
from gateway.audit.store import AuditFilter
from gateway.http.authorization import LIST_RATE_LIMIT, Context, requires
from gateway.http.concurrency_limit import EXPORT_LIMIT
from gateway.http.paging import Limit, Offset, Page
from gateway.http.text_validation import LineText
from gateway.permissions import Scope
from gateway.principal import Principal

NDJSON: Final = "application/x-ndjson"
FHIR_NDJSON: Final = "application/fhir+ndjson"
MEDIA_TYPES: Final[dict[ExportFormat, str]] = {"jsonl": NDJSON, "fhir": FHIR_NDJSON}
EXPORT_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {NDJSON: {"schema": {"type": "string"}}, FHIR_NDJSON: {"schema": {"type": "string"}}}}
}

Auditor = Annotated[Principal, requires(Scope.AUDIT_READ)]


class AuditEvent(BaseModel):
    """One audit event with its number and hashes."""

    seq: int
    at: datetime
    actor: str
    actor_kind: str
    role: str
    institution: str
    action: Action
    entity: str
    entity_id: str | None
    outcome: str
    address: str | None
    request_id: str | None
    detail: dict[str, Any]
    previous_hash: str
    hash: str


async def _criteria(
    principal: Auditor,
    actor: LineText | None = None,
    action: Action | None = None,
    entity: LineText | None = None,
    entity_id: LineText | None = None,
    since: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    until: Annotated[AwareDatetime | None, Query(alias="to")] = None,
) -> AuditFilter:
    return AuditFilter(principal.institution, actor, action, entity, entity_id, since, until)


Criteria = Annotated[AuditFilter, Depends(_criteria)]


def audit_router(reader: AuditReader) -> APIRouter:
    """The resource `audit`."""
    router = APIRouter(prefix="/api/audit", tags=["audit"])

    @router.get("", dependencies=[LIST_RATE_LIMIT], summary="Events of the institution, newest first")
    async def page(
        principal: Auditor, context: Context, criteria: Criteria, limit: Limit = 20, offset: Offset = 0
    ) -> Page[AuditEvent]:
        links, total = await reader.page(principal, criteria, limit, offset, context)
        items = [AuditEvent.model_validate(as_json(link)) for link in links]
        return Page(items=items, total=total, limit=limit, offset=offset)

    @router.get(
        "/export",
        summary="All events, one a line, oldest first: as JSON, or as FHIR R4 AuditEvent",
        response_class=StreamingResponse,
        responses=EXPORT_RESPONSES,
        dependencies=[EXPORT_LIMIT],
    )
    async def export(
        principal: Auditor,
        context: Context,
        criteria: Criteria,
        format: ExportFormat = "jsonl",  # noqa: A002 - the parameter's name in the URL
    ) -> StreamingResponse:
        lines = reader.export(principal, criteria, format, context)
        headers = {"Content-Disposition": f'attachment; filename="turnstile-audit.{format}.ndjson"'}
        return StreamingResponse(lines, media_type=MEDIA_TYPES[format], headers=headers)

    return router

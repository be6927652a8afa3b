"""Scans: /api/scans. `files` has the upload and the download."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime, BaseModel

from gateway.database.paging import PageRange
from gateway.http.authorization import LIST_RATE_LIMIT, Context, requires
from gateway.http.documented_errors import problems
from gateway.http.etag import ExpectedVersions, etag_of
from gateway.http.paging import Limit, Offset, Page
from gateway.http.text_validation import LineText, MultilineText
from gateway.permissions import Scope
from gateway.principal import Principal
from gateway.records.api.scan_shapes import Scan, ScanCounts, Status, Verdict
from gateway.records.scans import Scans
from gateway.records.store.scans import ScanFilter, ScanSort

Reader = Annotated[Principal, requires(Scope.SCANS_READ)]
Writer = Annotated[Principal, requires(Scope.SCANS_WRITE)]
SearchText = Annotated[
    LineText | None,
    Query(
        description="Part of a patient's name, a description, a file name or a study UID; without the scope names.read "
        "a whole pseudonym or study UID."
    ),
]
Since = Annotated[AwareDatetime | None, Query(alias="from", description="Received at this time or later.")]
Until = Annotated[AwareDatetime | None, Query(alias="to", description="Received before this time.")]
Repeatable = Query(description="May be given several times.", max_length=10)


class ScanPage(Page[Scan]):
    """A page of a list, and the counts of the list."""

    counts: ScanCounts


class ScanUpdate(BaseModel):
    """The fields to change; null removes the description."""

    description: MultilineText | None


async def _criteria(
    principal: Reader,
    patient_id: UUID | None = None,
    q: SearchText = None,
    status: Annotated[list[Status] | None, Repeatable] = None,
    verdict: Annotated[list[Verdict] | None, Repeatable] = None,
    since: Since = None,
    until: Until = None,
    sort: ScanSort = ScanSort.NEWEST,
) -> ScanFilter:
    return ScanFilter(
        principal.institution,
        principal.sees_names,
        patient_id=patient_id,
        q=q,
        statuses=status or (),
        verdicts=verdict or (),
        since=since,
        until=until,
        sort=sort,
    )


def scans_router(scans: Scans) -> APIRouter:
    """The resource `scans`."""
    router = APIRouter(prefix="/api/scans", tags=["scans"])

    @router.get(
        "", dependencies=[LIST_RATE_LIMIT], summary="Scans of the institution, newest first or most suspicious first"
    )
    async def page(
        principal: Reader,
        context: Context,
        criteria: Annotated[ScanFilter, Depends(_criteria)],
        limit: Limit = 20,
        offset: Offset = 0,
    ) -> ScanPage:
        found = await scans.page(principal, criteria, PageRange(limit, offset), context)
        items = [Scan.from_view(view) for view in found.items]
        counts = ScanCounts(**asdict(found.counts))
        return ScanPage(items=items, total=found.total, limit=limit, offset=offset, counts=counts)

    @router.get("/{scan_id}", responses=problems(404), summary="One scan")
    async def read(principal: Reader, context: Context, scan_id: UUID, response: Response) -> Scan:
        view = await scans.read(principal, scan_id, context)
        response.headers["ETag"] = etag_of(view.row.version)
        return Scan.from_view(view)

    @router.put("/{scan_id}", responses=problems(404, 412), summary="Change the description")
    async def change(
        principal: Writer,
        context: Context,
        scan_id: UUID,
        body: ScanUpdate,
        expected: ExpectedVersions,
        response: Response,
    ) -> Scan:
        view = await scans.describe(principal, scan_id, body.description, expected, context)
        response.headers["ETag"] = etag_of(view.row.version)
        return Scan.from_view(view)

    @router.delete(
        "/{scan_id}",
        status_code=204,
        responses=problems(404),
        summary="Delete a scan with its reports, and its file unless another scan uses it",
    )
    async def delete(principal: Writer, context: Context, scan_id: UUID) -> None:
        await scans.delete(principal, scan_id, context)

    return router

"""Scans: /api/scans, but for how they come in and go out, which is `files`."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime, BaseModel

from gateway.database.paging import Window
from gateway.http.authorization import Context, requires
from gateway.http.documented_errors import problems
from gateway.http.etag import Expected, tag_of
from gateway.http.paging import Limit, Offset, Page
from gateway.http.text_validation import Comment, Line
from gateway.permissions import Scope
from gateway.principal import Principal
from gateway.records.api.scan_shapes import Scan, ScanCounts, Status, Verdict
from gateway.records.scans import Scans
from gateway.records.store.scans import ScanFilter, ScanSort

Reader = Annotated[Principal, requires(Scope.SCANS_READ)]
Writer = Annotated[Principal, requires(Scope.SCANS_WRITE)]
Words = Annotated[
    Line | None,
    Query(
        description="Part of a patient's name, a description or a file name, or of the study's UID; else a pseudonym."
    ),
]
Since = Annotated[AwareDatetime | None, Query(alias="from", description="Received at this moment or later.")]
Until = Annotated[AwareDatetime | None, Query(alias="to", description="Received before this moment.")]
Several = Query(description="May be given several times.", max_length=10)


class ScanPage(Page[Scan]):
    """A part of a list, and what the whole holds."""

    counts: ScanCounts


class ScanToChange(BaseModel):
    """What is to be changed; null takes the description away."""

    description: Comment | None


async def _wanted(
    principal: Reader,
    patient_id: UUID | None = None,
    q: Words = None,
    status: Annotated[list[Status] | None, Several] = None,
    verdict: Annotated[list[Verdict] | None, Several] = None,
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

    @router.get("", summary="Scans of the institution, newest first or most suspicious first")
    @router.get("/", include_in_schema=False)
    async def page(
        principal: Reader,
        context: Context,
        wanted: Annotated[ScanFilter, Depends(_wanted)],
        limit: Limit = 20,
        offset: Offset = 0,
    ) -> ScanPage:
        found = await scans.page(principal, wanted, Window(limit, offset), context)
        items = [Scan.of(view) for view in found.items]
        counts = ScanCounts(**asdict(found.counts))
        return ScanPage(items=items, total=found.total, limit=limit, offset=offset, counts=counts)

    @router.get("/{scan_id}", responses=problems(404), summary="One scan")
    async def read(principal: Reader, context: Context, scan_id: UUID, response: Response) -> Scan:
        view = await scans.read(principal, scan_id, context)
        response.headers["ETag"] = tag_of(view.row.version)
        return Scan.of(view)

    @router.put("/{scan_id}", responses=problems(404, 412), summary="Change the description")
    async def change(
        principal: Writer, context: Context, scan_id: UUID, wanted: ScanToChange, expected: Expected, response: Response
    ) -> Scan:
        view = await scans.describe(principal, scan_id, wanted.description, expected, context)
        response.headers["ETag"] = tag_of(view.row.version)
        return Scan.of(view)

    @router.delete(
        "/{scan_id}",
        status_code=204,
        responses=problems(404),
        summary="Delete a scan with its reports, and its file when nothing else uses that",
    )
    async def delete(principal: Writer, context: Context, scan_id: UUID) -> None:
        await scans.delete(principal, scan_id, context)

    return router

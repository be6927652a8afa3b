"""Reports as principals with different roles get them."""

import json
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import select

from gateway.analyses.job_leases import JobLeases
from gateway.analyses.store import analyses
from gateway.audit.sealing import seal_all
from gateway.database.connection import Database
from gateway.database.tables import AuditRow
from gateway.errors import NotFound
from gateway.permissions import GRANTS, Role
from gateway.principal import Principal, PrincipalKind, RequestContext
from gateway.reports.stored_reports import Format, Reports, as_table
from gateway.screening.progress import Progress
from gateway.telemetry.metrics import Metrics
from screening.errors import NoLung
from screening.results.report import Report
from tests.integration.gateway.analyses.rows import INSTITUTION, claim, new_scan

CONTEXT = RequestContext("127.0.0.1", "request-1")
FILE = "study.zip"


def principal_of(role: Role, institution: str = INSTITUTION) -> Principal:
    return Principal(f"oidc:{role}", PrincipalKind.PERSON, role, role, institution, GRANTS[role])


@pytest_asyncio.fixture
async def reported_scan(database: Database) -> UUID:
    """A scan whose analysis has ended."""
    leases = JobLeases(database, Metrics(), "worker")
    async with database.transaction() as session:
        scan = await new_scan(session)
        analysis = await analyses.request(session, INSTITUTION, scan, "local", urgent=False)
        assert analysis is not None
    lease = await claim(leases, analysis.id)
    assert lease is not None
    assert await leases.complete(lease, (Report.failed(FILE, NoLung("no lung"), 0.1),), None, Progress())
    return scan


async def test_a_radiologist_sees_the_files_name(database: Database, reported_scan: UUID) -> None:
    saved = await Reports(database).read(principal_of(Role.RADIOLOGIST), CONTEXT, reported_scan, None, Format.JSON)
    assert saved.body["rows"][0]["path_to_study"] == FILE


@pytest.mark.parametrize("format_", [Format.JSON, Format.CSV])
async def test_a_researcher_sees_the_scans_id_in_its_place(
    database: Database, reported_scan: UUID, format_: Format
) -> None:
    saved = await Reports(database).read(principal_of(Role.RESEARCHER), CONTEXT, reported_scan, None, format_)
    told = json.dumps(dict(saved.body)) if format_ is Format.JSON else as_table(saved, format_).decode()
    assert FILE not in told
    assert str(reported_scan) in told


async def test_another_institutions_report_is_not_found(database: Database, reported_scan: UUID) -> None:
    with pytest.raises(NotFound):
        await Reports(database).read(principal_of(Role.ADMIN, "elsewhere"), CONTEXT, reported_scan, None, Format.JSON)


async def test_a_read_and_an_export_are_different_audit_events(database: Database, reported_scan: UUID) -> None:
    for format_ in (Format.JSON, Format.XLSX):
        await Reports(database).read(principal_of(Role.RADIOLOGIST), CONTEXT, reported_scan, None, format_)
    await seal_all(database)
    async with database.transaction() as session:
        newest = select(AuditRow).where(AuditRow.entity == "report").order_by(AuditRow.seq.desc()).limit(2)
        events = list(await session.scalars(newest))
    assert [event.action for event in events] == ["export", "read"]
    assert all(FILE not in json.dumps(event.detail) for event in events)

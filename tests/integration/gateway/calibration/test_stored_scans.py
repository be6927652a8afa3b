"""Stored scans with feedback become labelled studies, on a real PostgreSQL."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.audit.sealing import seal_all
from gateway.auth.local_admin import command_line_admin
from gateway.calibration.collected_studies import CollectedStudies
from gateway.calibration.store.labelled_reports import GivenFeedback
from gateway.calibration.stored_scans import StoredScans, label_of
from gateway.database.connection import Database
from gateway.database.tables import AnalysisRow, AuditRow, FeedbackRow, ReportRow, ScanRow
from screening.results.model_card import ModelCard
from screening.results.volume_rule import MAXIMUM
from tests.integration.gateway.analyses.rows import new_scan
from tests.unit.screening.evaluation.made_studies import CARD, report_of, shipped_card, site_studies

MADE = site_studies(3, 3).studies
RECALIBRATED = ModelCard.from_json(shipped_card(version="trained-again", test_time_slices=0))


async def screened(session: AsyncSession, institution: str, number: int, verdict: str, **changed: Any) -> ReportRow:
    """A scan with the report of a made study."""
    scan = await new_scan(session, institution=institution)
    row = await session.get_one(ScanRow, scan)
    row.verdict = verdict
    return await rescreened(session, institution, scan, number, verdict, **changed)


async def rescreened(
    session: AsyncSession, institution: str, scan: UUID, number: int, verdict: str, **changed: Any
) -> ReportRow:
    """Another report of the scan."""
    analysis = AnalysisRow(scan_id=scan, institution=institution, state="done", requested_by="local")
    session.add(analysis)
    await session.flush()
    report = ReportRow(
        analysis_id=analysis.id,
        scan_id=scan,
        institution=institution,
        verdict=verdict,
        body={"studies": [report_of(MADE[number], **changed)]},
    )
    session.add(report)
    await session.flush()
    return report


def said(report: ReportRow, agrees: bool, finding: str | None = None, by: str = "oidc:a") -> FeedbackRow:
    return FeedbackRow(
        report_id=report.id,
        scan_id=report.scan_id,
        institution=report.institution,
        user_key=by,
        agrees=agrees,
        finding=finding,
        report_version=1,
    )


async def collected(database: Database, institution: str) -> CollectedStudies:
    return await StoredScans(database).collect(command_line_admin("tester", institution), CARD)


async def test_the_label_is_the_radiologists_and_the_score_the_reports(database: Database) -> None:
    async with database.transaction() as session:
        right = await screened(session, "one", 0, "normal")
        missed = await screened(session, "one", 3, "normal")
        await screened(session, "one", 1, "normal")  # nobody said anything
        session.add_all([said(right, agrees=True), said(missed, agrees=False)])
    found = await collected(database, "one")
    labels = {study.score: study.label for study in found.studies.studies}
    assert labels == {round(MADE[0].score, 6): 0, round(MADE[3].score, 6): 1}
    assert found.studies.other_rules_known(CARD.fusion.volume_rule)
    assert found.studies.studies[0].score_by(MAXIMUM) > 0
    assert (found.analysed, found.left_out_counts) == (3, {})
    assert len(set(found.studies.patients)) == 2


async def test_reasons_to_leave_a_scan_out_are_counted(database: Database) -> None:
    async with database.transaction() as session:
        other = await screened(session, "two", 0, "normal", provenance={"file_hashes": {"old": "0"}})
        partly = await screened(session, "two", 1, "pathology", coverage={"complete": False})
        quarrel = await screened(session, "two", 2, "pathology")
        session.add_all([said(other, agrees=True), said(partly, agrees=True)])
        session.add_all([said(quarrel, agrees=True), said(quarrel, agrees=False, by="oidc:b")])
    found = await collected(database, "two")
    assert len(found.studies) == 0
    assert found.left_out_counts == {"contradicted": 1, "not_covered": 1, "other_networks": 1}


async def test_a_scan_analysed_again_keeps_its_label_and_has_the_new_score(database: Database) -> None:
    async with database.transaction() as session:
        old = await screened(session, "three", 0, "pathology", provenance={"file_hashes": {"old": "0"}})
        session.add(said(old, agrees=False))
    async with database.transaction() as session:
        await rescreened(session, "three", old.scan_id, 1, "normal")
    (study,) = (await collected(database, "three")).studies.studies
    assert (study.label, study.score) == (0, round(MADE[1].score, 6))


FAILED = {"error": {"code": "no_lung", "detail": ""}, "verdict": "not_analysed"}


async def test_the_newest_report_says_why_a_scan_is_left_out(database: Database) -> None:
    async with database.transaction() as session:
        old = await screened(session, "five", 0, "normal")
        session.add(said(old, agrees=True))
    async with database.transaction() as session:
        again = await rescreened(session, "five", old.scan_id, 0, "not_analysed")
        again.body = {"studies": [FAILED]}
        rule = await screened(session, "five", 1, "normal", card=RECALIBRATED)
        session.add(said(rule, agrees=True))
    found = await collected(database, "five")
    assert (len(found.studies), found.left_out_counts) == (0, {"failed": 1, "other_rule": 1})


async def test_another_institution_has_studies_of_its_own(database: Database) -> None:
    async with database.transaction() as session:
        session.add(said(await screened(session, "four", 0, "normal"), agrees=True))
    assert len((await collected(database, "elsewhere")).studies) == 0


async def test_reading_the_feedback_is_an_audit_event(database: Database) -> None:
    await collected(database, "audited")
    await seal_all(database)
    async with database.transaction() as session:
        event = (await session.scalars(select(AuditRow).where(AuditRow.institution == "audited"))).one()
    assert (event.action, event.entity, event.detail) == ("read", "feedback", {"calibration": True, "scans": 0})


@pytest.mark.parametrize(
    ("verdict", "agrees", "finding", "label"),
    [
        ("normal", True, None, 0),
        ("normal", False, None, 1),
        ("pathology", True, None, 1),
        ("pathology", False, None, 0),
        ("pathology", False, "Lung nodule", 1),
        ("not_analysed", True, None, None),
        ("not_analysed", False, "Lung nodule", 1),
    ],
)
def test_what_feedback_says(verdict: str, agrees: bool, finding: str | None, label: int | None) -> None:
    assert label_of(GivenFeedback(uuid4(), verdict, agrees, finding)) == label

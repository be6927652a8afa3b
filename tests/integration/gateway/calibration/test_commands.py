"""`turnstile calibrate --stored` and `turnstile switch` as processes, on a real PostgreSQL, without networks."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.auth.local_admin import command_line_admin
from gateway.database.connection import Database
from gateway.database.tables import AnalysisRow, FeedbackRow, ReportRow
from gateway.principal import RequestContext
from gateway.screening.operating_point import OperatingPoints
from screening.results.model_card import ModelCard
from tests.integration.gateway.analyses.rows import new_scan
from tests.unit.screening.evaluation.made_studies import report_of, shipped_card, site_studies

INSTITUTION = "calibrated"
SHIPPED = shipped_card()
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(name="turnstile")
def fixture_turnstile(database_url: str, tmp_path: Path) -> Run:
    """Runs a command on a database with stored scans and their feedback, and a shipped card at a chosen point."""
    asyncio.run(_write_records(database_url))
    (tmp_path / "model_card.json").write_text(json.dumps(SHIPPED))
    environment = {
        **os.environ,
        "TURNSTILE_DATABASE_URL": database_url,
        "TURNSTILE_BLOB_URL": str(tmp_path / "blobs"),
        "TURNSTILE_MODEL_REPOSITORY": str(tmp_path),
        "TURNSTILE_INSTITUTION": INSTITUTION,
        "COLUMNS": "300",
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "gateway.cli", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return run


def test_a_card_is_calibrated_at_the_point_in_use_and_put_in_force_as_it_was_made(
    turnstile: Run, tmp_path: Path
) -> None:
    made = turnstile("calibrate", "--stored", "--output", str(tmp_path / "out"))
    assert made.returncode == 0, made.stderr
    (file,) = (tmp_path / "out").glob("site-*.json")
    card: Mapping[str, Any] = json.loads(file.read_text())
    assert card["site"]["before"]["operating_point"]["name"] == "youden"
    assert f"Before: the card {SHIPPED['version']} at youden." in file.with_suffix(".md").read_text()

    edited = tmp_path / "edited.json"
    edited.write_text(json.dumps({**card, "calibration": {"a": 1.0, "b": -9.0}}))
    refused = turnstile("switch", str(edited))
    assert (refused.returncode, "not the one that it was made with" in refused.stderr) == (1, True), refused.stderr

    switched = turnstile("switch", str(file))
    assert f"{card['version']} is in force for {INSTITUTION}, at {card['operating_point']}" in switched.stdout
    assert "youden, which an admin chose for the card before, no longer holds" in switched.stderr


async def _write_records(database_url: str) -> None:
    database = Database(database_url)
    admin = command_line_admin("tester", INSTITUTION)
    try:
        async with database.transaction() as session:
            for study in site_studies(30, 30, gap=4.0).studies:
                scan = await new_scan(session, institution=INSTITUTION)
                analysis = AnalysisRow(scan_id=scan, institution=INSTITUTION, state="done", requested_by="local")
                session.add(analysis)
                await session.flush()
                verdict, body = ("pathology" if study.label else "normal"), {"studies": [report_of(study)]}
                of_scan: dict[str, Any] = {"scan_id": scan, "institution": INSTITUTION}
                report = ReportRow(analysis_id=analysis.id, verdict=verdict, body=body, **of_scan)
                session.add(report)
                await session.flush()
                said: dict[str, Any] = {"user_key": "oidc:a", "agrees": True, "finding": None, "report_version": 1}
                session.add(FeedbackRow(report_id=report.id, **of_scan, **said))
        card = ModelCard.from_json(SHIPPED)
        context = RequestContext("127.0.0.1", "request")
        await OperatingPoints(database).choose(admin, card, "youden", card.version, None, context)
    finally:
        await database.close()

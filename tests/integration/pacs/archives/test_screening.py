"""`turnstile pacs screen`: studies of a real Orthanc become scans of a named run, each whole and once."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from gateway.cli.app import app
from gateway.cli.results import UNFINISHED
from gateway.cli.screen import FAILED
from tests.integration.pacs.archives.calls import call
from tests.integration.pacs.archives.conftest import PATIENT
from tests.integration.pacs.archives.scripted_archives import AE_TITLE, MadeStudy, ScriptedArchive, running_archive
from tests.integration.pacs.made_studies import study_uid_of, write_study
from tests.integration.pacs.orthanc import Orthanc
from tests.integration.polling import until

ALL = ("--since", "2024-01-01")
ITEMS = """
    SELECT item, scans.study_uid, run_items.error, run_items.detail, origin.source, origin.sender, origin.destinations,
        origin.rule, analyses.urgent, scans.patient_id, patients.last_name, identifiers.number
    FROM run_items JOIN runs ON runs.id = run_id
    LEFT JOIN scans ON scans.id = run_items.scan_id
    LEFT JOIN scan_origins AS origin ON origin.scan_id = scans.id
    LEFT JOIN analyses ON analyses.scan_id = scans.id
    LEFT JOIN patients ON patients.id = scans.patient_id
    LEFT JOIN patient_identifiers AS identifiers ON identifiers.patient_id = patients.id
    WHERE runs.name = %s ORDER BY run_items.number
"""


@pytest.fixture(autouse=True)
def site(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of a site that analyses nothing now."""
    monkeypatch.setenv("TURNSTILE_DATABASE_URL", database_url)
    monkeypatch.setenv("TURNSTILE_DATA_FOLDER", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def uids(orthanc: Orthanc) -> list[str]:
    return sorted(study["MainDicomTags"]["StudyInstanceUID"] for study in orthanc.get("/studies?expand"))


def items(database_url: str, run: str) -> list[dict[str, Any]]:
    """The uploads of the run, each with its scan, its origin and its analyses."""
    with psycopg.connect(database_url, row_factory=psycopg.rows.dict_row) as connection:
        return connection.execute(ITEMS, (run,)).fetchall()


@pytest.mark.parametrize("way", ["get", "move", "web"])
def test_studies_become_a_run_each_once(archives: Any, database_url: str, uids: list[str], way: str) -> None:
    status, output, errors = call("screen", way, "--name", way, *ALL)
    assert (status, output) == (0, f"run {way}: 3 put into the queue, 0 could not be\n"), errors
    found = items(database_url, way)
    assert sorted(one["study_uid"] for one in found) == uids
    assert sorted(one["item"] for one in found) == [f"{way}/{uid}" for uid in uids]
    assert {(one["source"], one["sender"], tuple(one["destinations"]), one["urgent"]) for one in found} == {
        ("archive", way, (), False)
    }
    assert {(one["last_name"], one["number"]) for one in found} == {("Planted", PATIENT)}
    assert len({one["patient_id"] for one in found}) == 1, "the three studies are of one patient"
    assert call("screen", way, "--name", way, *ALL)[1] == f"run {way}: 0 put into the queue, 0 could not be\n"
    results = CliRunner().invoke(app, ["results", way])
    assert results.exit_code == UNFINISHED
    assert "0 ended, 3 waiting, 0 running" in results.output


def test_destinations_and_urgency_are_those_that_are_given(archives: Any, database_url: str, uids: list[str]) -> None:
    assert call("screen", "get", "--name", "sent", "--uid", uids[0], "--to", "pacs", "--urgent")[0] == 0
    (one,) = items(database_url, "sent")
    assert (one["destinations"], one["urgent"]) == (["pacs"], True)


def test_rules_decide_when_they_are_asked(archives: Any, database_url: str, tmp_path: Path) -> None:
    rules = [
        {
            "name": "chest",
            "conditions": {"body_part": ["CHEST"]},
            "action": {"screen": True, "urgent": True, "destinations": ["pacs"]},
        },
        {"name": "nothing else", "action": {"screen": False}},
    ]
    (tmp_path / "rules.json").write_text(json.dumps({"rules": rules}))
    set_rules = CliRunner().invoke(app, ["pacs", "rules", "set", str(tmp_path / "rules.json")])
    assert set_rules.exit_code == 0, set_rules.output
    status, output, errors = call("screen", "get", "--name", "by rule", *ALL, "--rules")
    assert (status, output) == (FAILED, "run by rule: 1 put into the queue, 2 could not be\n"), errors
    chosen = [one for one in items(database_url, "by rule") if one["study_uid"]]
    assert [(one["rule"], one["destinations"], one["urgent"]) for one in chosen] == [("chest", ["pacs"], True)]
    left = [one for one in items(database_url, "by rule") if not one["study_uid"]]
    assert {(one["error"], one["detail"]) for one in left} == {
        ("not_selected", "the rules do not screen this study (nothing else)")
    }


def test_half_a_study_is_a_failed_row_until_it_is_whole(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = MadeStudy(write_study(tmp_path / "study", slices=4))
    monkeypatch.setattr("gateway.pacs.archives.fetching.PAUSES_S", ())
    scripted = ScriptedArchive(study, get=ScriptedArchive(MadeStudy(study.files[:2])).send_all)
    arguments = ("screen", "bad", "--name", "half", "--uid", study_uid_of(list(study.files)))
    with running_archive(scripted) as port:
        settings = {"kind": "dimse", "host": "127.0.0.1", "port": port, "ae_title": AE_TITLE}
        monkeypatch.setenv("TURNSTILE_PACS_ARCHIVES", json.dumps({"bad": settings | {"rate": "60000 per minute"}}))
        assert call(*arguments)[:2] == (FAILED, "run half: 0 put into the queue, 1 could not be\n")
        (one,) = items(database_url, "half")
        assert (one["error"], one["study_uid"]) == ("study_incomplete", None)
        assert one["detail"].startswith("2 of 4 instances of a series came; the archive counted 2 completed")

        scripted.get = None
        assert call(*arguments)[1] == "run half: 0 put into the queue, 0 could not be\n"
        assert call(*arguments, "--retry-failed")[:2] == (0, "run half: 1 put into the queue, 0 could not be\n")
    assert [one["study_uid"] for one in items(database_url, "half")] == [study_uid_of(list(study.files))]


@pytest.mark.heavy
def test_a_killed_run_is_continued_and_no_study_is_there_twice(
    archives: dict[str, Any], database_url: str, uids: list[str], tmp_path: Path
) -> None:
    polite = {"get": archives["get"] | {"rate": "60 per minute", "at_once": 1}}
    arguments = [sys.executable, "-m", "gateway.cli", "pacs", "screen", "get", "--name", "killed", *ALL]
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "TURNSTILE_PACS_ARCHIVES": json.dumps(polite)}
    for enough in (1, 2):
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(arguments, env=environ, stdout=log, stderr=log)
        try:
            until(lambda: len(items(database_url, "killed")) >= enough or process.poll() is not None, 240)  # noqa: B023
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    status, _, errors = call("screen", "get", "--name", "killed", *ALL)
    assert status == 0, errors
    assert [one["error"] for one in items(database_url, "killed")] == [None] * 3
    assert sorted(one["study_uid"] for one in items(database_url, "killed")) == uids

"""/api/routing-rules and `turnstile pacs rules` on a real gateway and PostgreSQL."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import AnalysisRow, AuditRow, PendingAuditRow, ReportRow, ScanOriginRow, ScanRow
from gateway.database.tables.scan_origins import Source
from gateway.pacs.routing.decision import Decision, StudyAttributes
from gateway.pacs.routing.rules import Rules
from gateway.permissions import GRANTS, Role, Scope
from tests.integration.gateway.analyses.rows import new_scan
from tests.integration.gateway.auth.api_calls import INSTITUTION, bearer, gateway_without_networks, make_token, problem
from tests.integration.gateway.auth.test_commands import turnstile
from tests.integration.gateway.gateway_data import in_transaction
from tests.integration.gateway.running_gateway import RunningGateway

HEADS: dict[str, Any] = {
    "name": "heads",
    "conditions": {"body_part": ["HEAD*"], "source": ["dimse"]},
    "action": {"screen": False},
}
NIGHT: dict[str, Any] = {
    "name": "emergency",
    "conditions": {"sender": ["ER*"]},
    "action": {"screen": True, "urgent": True, "destinations": ["archive"]},
}
NOWHERE: dict[str, Any] = {"name": "nowhere", "action": {"screen": True, "destinations": []}}
DEFAULT: dict[str, Any] = {"name": "default", "action": {"screen": True}}
HEAD = StudyAttributes(Source.DIMSE, "CT1", frozenset({"CT"}), body_parts=frozenset({"HEAD"}))


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[RunningGateway]:
    with gateway_without_networks(tmp_path_factory.mktemp("rules"), database_url) as running:
        yield running


@pytest.fixture(scope="module")
def admin(gateway: RunningGateway) -> Iterator[httpx.Client]:
    """The local admin."""
    with gateway.client() as client:
        yield client


def put(client: httpx.Client, *rules: dict[str, Any], **headers: str) -> httpx.Response:
    return client.put("/api/routing-rules", json={"rules": rules}, headers=headers)


def tried(client: httpx.Client, *rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = client.post("/api/routing-rules/try", json={"rules": rules, **more})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def decision(gateway: RunningGateway, attributes: StudyAttributes, institution: str = INSTITUTION) -> Decision:
    return in_transaction(gateway, lambda session: Rules().decide(session, institution, attributes))


def reported_upload(gateway: RunningGateway, institution: str = INSTITUTION, *, read: bool = True) -> tuple[UUID, UUID]:
    """A scan with the report of its analysis; the ids of both."""

    async def add(session: AsyncSession) -> tuple[UUID, UUID]:
        scan_id = await new_scan(session, institution=institution)
        analysis = AnalysisRow(scan_id=scan_id, institution=institution, state="done", requested_by="token:night")
        session.add(analysis)
        await session.flush()
        await session.execute(update(ScanRow).where(ScanRow.id == scan_id).values(analysis_id=analysis.id))
        study: dict[str, Any] = {"series": []} if read else {}
        report = {"analysis_id": analysis.id, "scan_id": scan_id, "institution": institution}
        session.add(ReportRow(**report, verdict="not_analysed", body={"studies": [study]}))
        return scan_id, analysis.id

    return in_transaction(gateway, add)


def test_rules_are_replaced_as_a_whole_and_decide_at_once(gateway: RunningGateway, admin: httpx.Client) -> None:
    assert put(admin, HEADS, NIGHT).status_code == 200
    shown = admin.get("/api/routing-rules").json()
    assert [rule["name"] for rule in shown["rules"]] == ["heads", "emergency"]
    assert decision(gateway, HEAD) == Decision(False, rule="heads")
    assert put(admin, NIGHT, HEADS).status_code == 200
    assert decision(gateway, HEAD) == Decision(False, rule="heads")
    put(admin)
    assert decision(gateway, HEAD) == Decision(screen=True)


def test_of_two_admins_who_change_the_rules_at_once_one_is_refused(admin: httpx.Client) -> None:
    seen = admin.get("/api/routing-rules").headers["etag"]
    assert put(admin, HEADS, **{"If-Match": seen}).status_code == 200
    assert problem(put(admin, NIGHT, **{"If-Match": seen})) == (412, "precondition_failed")
    assert [rule["name"] for rule in admin.get("/api/routing-rules").json()["rules"]] == ["heads"]


def test_a_wrong_rule_is_refused_with_its_place_and_changes_nothing(admin: httpx.Client) -> None:
    put(admin, NIGHT)
    answer = put(admin, NIGHT, {**HEADS, "conditions": {"body_parts": ["HEAD"]}})
    assert problem(answer) == (422, "invalid_request")
    assert "body_parts" in answer.json()["detail"]
    assert [rule["name"] for rule in admin.get("/api/routing-rules").json()["rules"]] == ["emergency"]


def test_rules_of_one_institution_decide_nothing_in_another(
    gateway: RunningGateway, admin: httpx.Client, database_url: str
) -> None:
    put(admin, HEADS)
    assert decision(gateway, HEAD, "elsewhere") == Decision(screen=True)
    reported_upload(gateway)
    with gateway.client(headers=bearer(make_token(database_url, Role.ADMIN, "elsewhere"))) as other:
        assert other.get("/api/routing-rules").json()["rules"] == []
        assert tried(other, NOWHERE)["items"] == []
        put(other, NIGHT)
    assert [rule["name"] for rule in admin.get("/api/routing-rules").json()["rules"]] == ["heads"]


def test_a_change_is_an_audit_event_with_the_rules_before_and_after(
    gateway: RunningGateway, admin: httpx.Client
) -> None:
    put(admin, HEADS)
    put(admin, NIGHT, NOWHERE)

    async def details(session: AsyncSession) -> list[Any]:
        found: list[Any] = []
        for table in (PendingAuditRow, AuditRow):  # in the order in which an event is moved
            found += await session.scalars(select(table.detail).where(table.entity == "routing_rules"))
        return found

    wanted = {"before": [HEADS], "after": [NIGHT, NOWHERE]}
    shown = [
        {name: [json.loads(rule) for rule in rules] for name, rules in one.items()}
        for one in in_transaction(gateway, details)
    ]
    assert wanted in shown


def test_a_dry_run_says_what_would_change_and_changes_nothing(gateway: RunningGateway, admin: httpx.Client) -> None:
    put(admin)
    scan_id, _ = reported_upload(gateway)
    seen = tried(admin, DEFAULT, studies=1)
    (one,) = seen["items"]
    assert seen["changed"] == 1
    assert (one["scan_id"], one["attributes"]["source"], one["attributes"]["modalities"]) == (
        str(scan_id),
        "upload",
        ["CT"],
    )
    assert one["now"] == {"screen": True, "urgent": False, "destinations": [], "rule": None, "certain": True}
    assert (one["then"]["destinations"], one["then"]["rule"]) == (None, "default")
    assert one["changes"] == ["destinations"]
    assert admin.get("/api/routing-rules").json()["rules"] == []
    assert tried(admin, HEADS)["changed"] == 0


def test_a_dry_run_needs_the_scope_of_names_too(gateway: RunningGateway, database_url: str) -> None:
    """It shows descriptions."""
    token = make_token(database_url, Role.ADMIN, scopes=GRANTS[Role.ADMIN] - {Scope.NAMES_READ})
    with gateway.client(headers=bearer(token)) as client:
        assert client.get("/api/routing-rules").status_code == 200
        answer = client.post("/api/routing-rules/try", json={"rules": []})
        assert problem(answer) == (403, "not_permitted")


def test_where_the_result_of_an_upload_goes(gateway: RunningGateway, admin: httpx.Client) -> None:
    by_token = {
        "name": "night run",
        "conditions": {"sender": ["token:*"], "source": ["upload"], "modality": ["CT"]},
        "action": {"screen": True, "destinations": ["research"]},
    }
    put(admin, by_token)
    for read, destinations in ((True, ("research",)), (False, ())):
        _, analysis_id = reported_upload(gateway, read=read)
        decided = in_transaction(
            gateway, partial(Rules().decide_upload, institution=INSTITUTION, analysis_id=analysis_id)
        )
        assert decided.screen
        assert decided.destinations == destinations


def test_scans_from_the_network_are_no_uploads(gateway: RunningGateway, admin: httpx.Client) -> None:
    scan_id, _ = reported_upload(gateway)

    async def came_by_dimse(session: AsyncSession) -> None:
        session.add(ScanOriginRow(scan_id=scan_id, institution=INSTITUTION, source=Source.DIMSE, sender="CT1"))

    in_transaction(gateway, came_by_dimse)
    listed = [one for one in tried(admin)["items"] if one["attributes"]["source"] == "upload"]
    assert str(scan_id) not in {one["scan_id"] for one in listed}


def test_the_command_line_shows_sets_and_tries_rules(admin: httpx.Client, database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    file.write_text(json.dumps({"rules": [NOWHERE]}))
    assert turnstile(database_url, "pacs", "rules", "set", str(file)).returncode == 0
    shown = turnstile(database_url, "pacs", "rules", "show").stdout
    assert [rule["name"] for rule in json.loads(shown)["rules"]] == ["nowhere"]
    assert admin.get("/api/routing-rules").json()["updated_by"].startswith("cli:")
    file.write_text(shown)
    assert json.loads(turnstile(database_url, "pacs", "rules", "try", str(file)).stdout)["changed"] == 0
    file.write_text(json.dumps({"rules": [NOWHERE, {"name": "x", "action": {}}]}))
    refused = turnstile(database_url, "pacs", "rules", "set", str(file))
    assert refused.returncode == 2
    assert "rules.1.action.screen" in refused.stderr

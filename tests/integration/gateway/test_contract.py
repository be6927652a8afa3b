"""The whole API against its own OpenAPI page: no 5xx, every answer is one that the page promises, none without login.

schemathesis makes requests from the page; some ask for records that are there: a patient, and a scan with its report.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from pydantic import SecretStr
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from gateway.permissions import Role
from tests.integration.gateway.auth.api_calls import HOME, bearer, make_token
from tests.integration.gateway.running_gateway import RunningGateway, running_gateway

SETTINGS = hypothesis.settings(
    max_examples=5, deadline=None, database=None, derandomize=True, suppress_health_check=list(hypothesis.HealthCheck)
)
# What a text may hold and what makes bytes a study is more than a schema can say, so what fits it may be refused.
UNFIT: list[Any] = [positive_data_acceptance]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[RunningGateway]:
    """A gateway with networks, and nobody's without a token."""
    given = {"database_url": SecretStr(database_url), "institution": HOME, "local_admin": False}
    rates = {"upload_rate": "10000 per minute", "sign_in_rate": "10000 per minute"}
    scratch = tmp_path_factory.mktemp("contract") / "scratch"
    scratch.mkdir()
    with running_gateway(scratch, **given, **rates) as running:
        yield running


@pytest.fixture(scope="module")
def token(guarded: RunningGateway, database_url: str) -> str:
    return make_token(database_url, Role.ADMIN)


@pytest.fixture(scope="module")
def known(guarded: RunningGateway, token: str, phantom: Path) -> dict[str, str]:
    """The ids of records that are there."""
    with guarded.client(headers=bearer(token)) as client:
        patient = client.post("/api/patients", json={"first_name": "Anna", "last_name": "Known"}).json()["id"]
        upload = {"file": ("phantom.zip", phantom.read_bytes())}
        scan = client.post("/api/scans", data={"patient_id": patient}, files=upload).json()["id"]
        assert client.post(f"/api/scans/{scan}/analyze", params={"wait": 60}).json()["state"] == "done"
    return {"patient_id": patient, "scan_id": scan}


@pytest.fixture(scope="module")
def page(guarded: RunningGateway, known: dict[str, str]) -> schemathesis.BaseSchema:
    with guarded.client() as client:
        schema = schemathesis.openapi.from_dict(client.get("/openapi.json").json())
    schema.config.update(base_url=guarded.url)
    return schema


def test_answers_are_as_promised(page: schemathesis.BaseSchema, token: str, known: dict[str, str]) -> None:
    operations = [found.ok() for found in page.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) > 40
    assert [operation.label for operation in operations if not keeps_its_word(operation, token, known)] == []


def keeps_its_word(operation: schemathesis.APIOperation[Any, Any, Any, Any], token: str, known: dict[str, str]) -> bool:
    """Ask as the page says, and then for a record that is there; tell what was broken."""

    @hypothesis.settings(SETTINGS)
    @hypothesis.given(case=operation.as_strategy())
    def ask(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(headers=bearer(token), excluded_checks=UNFIT)
        there = {name: value for name, value in known.items() if name in case.path_parameters}
        if there and case.method != "DELETE":
            case.path_parameters = {**case.path_parameters, **there}
            case.call_and_validate(headers=bearer(token), excluded_checks=UNFIT)

    try:
        ask()
    except FailureGroup as failures:
        sys.stdout.write("".join(f"{operation.label}: {failure}\n" for failure in failures.exceptions))
        return False
    return True

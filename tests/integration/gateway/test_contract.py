"""The API against its OpenAPI description: no 5xx, only documented answers, none without a login.

schemathesis generates the requests; some are for existing records: a patient, and a scan with its report.
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
from tests.examples import examples
from tests.integration.gateway.auth.api_calls import INSTITUTION, bearer, make_token
from tests.integration.gateway.running_gateway import RunningGateway, running_gateway

SETTINGS = hypothesis.settings(
    max_examples=examples(10),
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(hypothesis.HealthCheck),
)
# A schema cannot describe which texts and which bytes are valid, so data that fit the schema may be refused.
ACCEPTABLE_REFUSALS: list[Any] = [positive_data_acceptance]
BOUNDARY = b"part-of-stow"


@schemathesis.serializer("multipart/related")
def one_part(_context: schemathesis.SerializationContext, value: Any) -> bytes:
    """A body of STOW-RS with one part, which is no DICOM."""
    content = value if isinstance(value, bytes) else str(value).encode()
    return b"--%s\r\nContent-Type: application/dicom\r\n\r\n%s\r\n--%s--\r\n" % (BOUNDARY, content, BOUNDARY)


@pytest.fixture(scope="module")
def token_gateway(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[RunningGateway]:
    """A gateway with networks that accepts API tokens only."""
    settings = {"database_url": SecretStr(database_url), "institution": INSTITUTION, "local_admin": False}
    rates = dict.fromkeys(("upload_rate", "sign_in_rate", "not_found_rate"), "100000 per minute")
    scratch = tmp_path_factory.mktemp("contract") / "scratch"
    scratch.mkdir()
    with running_gateway(scratch, **settings, **rates) as running:
        yield running


@pytest.fixture(scope="module")
def token(token_gateway: RunningGateway, database_url: str) -> str:
    return make_token(database_url, Role.ADMIN)


@pytest.fixture(scope="module")
def known_ids(token_gateway: RunningGateway, token: str, phantom: Path) -> dict[str, str]:
    """The ids of existing records."""
    with token_gateway.client(headers=bearer(token)) as client:
        patient = client.post("/api/patients", json={"first_name": "Anna", "last_name": "Known"}).json()["id"]
        upload = {"file": ("phantom.zip", phantom.read_bytes())}
        scan = client.post("/api/scans", data={"patient_id": patient}, files=upload).json()["id"]
        assert client.post(f"/api/scans/{scan}/analyze", params={"wait": 60}).json()["state"] == "done"
    return {"patient_id": patient, "scan_id": scan}


@pytest.fixture(scope="module")
def api_schema(token_gateway: RunningGateway, known_ids: dict[str, str]) -> schemathesis.BaseSchema:
    with token_gateway.client() as client:
        schema = schemathesis.openapi.from_dict(client.get("/openapi.json").json())
    schema.config.update(base_url=token_gateway.url)
    return schema


def test_all_answers_conform_to_the_api_description(
    api_schema: schemathesis.BaseSchema, token: str, known_ids: dict[str, str]
) -> None:
    operations = [found.ok() for found in api_schema.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) > 40
    assert [operation.label for operation in operations if not conforms(operation, token, known_ids)] == []


def conforms(operation: schemathesis.APIOperation[Any, Any, Any, Any], token: str, known_ids: dict[str, str]) -> bool:
    """Send generated requests, then the same for an existing record; print the failures."""

    @hypothesis.settings(SETTINGS)
    @hypothesis.given(case=operation.as_strategy())
    def call_api(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(headers=bearer(token), excluded_checks=ACCEPTABLE_REFUSALS)
        path_ids = {name: value for name, value in known_ids.items() if name in case.path_parameters}
        if path_ids and case.method != "DELETE":
            case.path_parameters = {**case.path_parameters, **path_ids}
            case.call_and_validate(headers=bearer(token), excluded_checks=ACCEPTABLE_REFUSALS)

    try:
        call_api()
    except FailureGroup as failures:
        sys.stdout.write("".join(f"{operation.label}: {failure}\n" for failure in failures.exceptions))
        return False
    return True

"""The corpus of bad input over real HTTP, through the gateway and real Triton, and through `turnstile screen`.

test_engine_failures has a Triton that is killed or hangs, and deadlines.
"""

import csv
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import httpx
import pytest
import structlog

from gateway.telemetry.logs import configure_logs
from tests.corpus import wrong_content
from tests.corpus.case import PLANTED, Accepted, Case, Refused
from tests.corpus.cases import ACCEPTED, ACCEPTED_FOLDERS, FOLDERS, REFUSED
from tests.corpus.clean_study import clean_files, with_slices_changed, zip_of_files
from tests.integration.gateway.running_gateway import RunningGateway, running_gateway

# What was not seen counts only where the networks found nothing, and they find something in the phantom.
REFUSED_BEFORE_THE_NETWORKS = tuple(case for case in REFUSED if case.code != "view_gap_too_wide")
SAME = ("pathology", "probability_of_pathology", "series_uid", "study_uid", "most_dangerous_pathology_type")


@pytest.fixture(scope="module")
def log() -> Iterator[StringIO]:
    """The complete log of the gateway's process at level debug."""
    root, written = logging.getLogger(), StringIO()
    handlers, level = root.handlers, root.level
    configure_logs("debug", written)
    yield written
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture(scope="module")
def clean_row(gateway: RunningGateway, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """The verdict on the clean study."""
    answer = gateway.predict(zip_of_files(tmp_path_factory.mktemp("clean"), clean_files()))
    assert answer.status_code == 200, answer.text
    return verdict(answer)


@pytest.mark.parametrize("case", REFUSED_BEFORE_THE_NETWORKS, ids=lambda case: case.name)
def test_bad_input_is_refused(case: Refused, gateway: RunningGateway, log: StringIO, tmp_path: Path) -> None:
    assert_refused(gateway.predict(case.build(tmp_path)), case)
    assert gateway.is_idle()
    assert PLANTED not in log.getvalue()


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.name)
def test_repairable_input_gets_the_verdict_of_the_clean_study(
    case: Accepted, clean_row: dict[str, object], gateway: RunningGateway, log: StringIO, tmp_path: Path
) -> None:
    upload = case.build(tmp_path)
    answer = gateway.predict(upload, params={"detail": "full"})
    assert answer.status_code == 200, answer.text
    derived = set() if case.same_uids else {"series_uid", "study_uid"}
    assert without(verdict(answer), derived) == without(clean_row, derived)
    assert case.warning is None or case.warning in " ".join(answer.json()["warnings"])
    assert PLANTED not in answer.text.replace(upload.name, "")  # the report names the file that was sent, no more
    assert gateway.is_idle()
    assert PLANTED not in log.getvalue()


def without(row: dict[str, object], keys: set[str]) -> dict[str, object]:
    return {key: value for key, value in row.items() if key not in keys}


def test_a_good_study_beside_a_bad_one(gateway: RunningGateway, log: StringIO, tmp_path: Path) -> None:
    """Two studies in one zip: one gets its verdict, the other an error without probability and pathology."""
    upload = with_slices_changed(wrong_content.chest_and_mr_of_another_study)(tmp_path)
    bad, good = sorted(gateway.predict(upload).json()["rows"], key=lambda row: str(row["processing_status"]))
    assert good["processing_status"] == "Success"
    assert (bad["processing_status"], bad["error"], bad["verdict"]) == ("Failure", "not_ct", "not_analysed")
    assert (bad["pathology"], bad["probability_of_pathology"]) == (None, None)
    assert PLANTED not in log.getvalue()


def test_the_metrics_hold_no_patient_data(gateway: RunningGateway, tmp_path: Path) -> None:
    gateway.predict(zip_of_files(tmp_path, clean_files()))
    with gateway.client() as client:
        assert PLANTED not in client.get("/metrics").text


def test_triton_down(log: StringIO, tmp_path: Path) -> None:
    upload = zip_of_files(tmp_path, clean_files())
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with running_gateway(scratch, triton_url="127.0.0.1:9") as gateway:  # the discard port: no server listens
        assert_refused(
            gateway.predict(upload), Refused("Triton down", lambda folder: folder, "engine_unavailable", 503)
        )
        assert gateway.is_idle()
    assert PLANTED not in log.getvalue()


def test_a_mass_run_continues_after_bad_input(tmp_path: Path, gateway: RunningGateway) -> None:
    """`turnstile screen` writes a failed row for each refused upload, screens the others, and leaves no files."""
    refused = {
        case.code: case for case in REFUSED_BEFORE_THE_NETWORKS
    }.values()  # one of each code; all of them would take a minute
    cases: list[Case] = [*ACCEPTED[:2], *refused, *FOLDERS[1:], *ACCEPTED_FOLDERS]  # an empty folder is no upload
    uploads = {str(build_case(case, tmp_path, number)): case for number, case in enumerate(cases)}
    rows = screened(uploads, tmp_path, gateway)
    assert {row["path_to_study"] for row in rows} == set(uploads)
    for row in rows:
        case = uploads[row["path_to_study"]]
        failed = (row["processing_status"], row["pathology"], row["probability_of_pathology"]) == ("Failure", "", "")
        assert failed == isinstance(case, Refused), case.name


def build_case(case: Case, folder: Path, number: int) -> Path:
    subfolder = folder / f"{number}"
    subfolder.mkdir()
    return case.build(subfolder)


def screened(uploads: dict[str, Case], folder: Path, gateway: RunningGateway) -> list[dict[str, str]]:
    """The rows of one `turnstile screen` over all uploads, on a Triton that already runs."""
    scratch, report = folder / "scratch", folder / "report.csv"
    scratch.mkdir()
    arguments = ["screen", *uploads, "-o", str(report), "--triton-url", gateway.services.triton_url]
    command = [sys.executable, "-m", "gateway.cli", *arguments]
    environ = {**os.environ, **gateway.secrets, "TMPDIR": str(scratch)}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr  # some study failed
    assert not list(scratch.glob("turnstile-*"))
    return list(csv.DictReader(StringIO(report.read_text("utf-8"))))


def assert_refused(answer: httpx.Response, case: Refused) -> None:
    """The shape of an error, without a verdict and without patient data."""
    assert (answer.status_code, answer.json().get("error")) == (case.status, case.code), answer.text
    assert answer.json().keys() == {"error", "detail", "request_id"}
    assert not {"normal", "pathology"} & set(answer.json().values())
    assert PLANTED not in answer.text + str(answer.headers)


def verdict(answer: httpx.Response) -> dict[str, object]:
    """The fields that must not depend on how the study was packed."""
    body = answer.json()
    row = body.get("row", body)
    return {key: row[key] for key in SAME}

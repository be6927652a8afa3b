"""POST /inference/predict over real HTTP, through real Triton."""

import csv
import io
import re
import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from gateway.predictions.api import CSV, XLSX
from gateway.reports.report_table import TABLE
from screening.results.report import COLUMNS
from tests.integration.gateway.running_gateway import RunningGateway

CONTEST_COLUMNS = {
    "pathology",
    "study_uid",
    "series_uid",
    "processing_status",
    "time_of_processing",
    "probability_of_pathology",
    "most_dangerous_pathology_type",
}


def test_a_phantom_is_screened(gateway: RunningGateway, phantom: Path) -> None:
    answer = gateway.predict(phantom)
    assert answer.status_code == 200, answer.text
    row = answer.json()
    assert row.keys() >= CONTEST_COLUMNS
    assert row["processing_status"] == "Success"
    assert 0 <= row["probability_of_pathology"] <= 1  # a phantom is unlike the training data
    assert row["verdict"] == ("pathology" if row["pathology"] else "normal")
    assert row["path_to_study"] == "phantom.zip"


def test_every_answer_says_that_weights_are_untrained(gateway: RunningGateway, phantom: Path) -> None:
    notices = " ".join(gateway.predict(phantom).json()["notices"])
    assert "no medical device" in notices
    assert gateway.services.card.trained or "untrained" in notices


def test_a_study_screened_twice_gives_the_same_report(gateway: RunningGateway, phantom: Path) -> None:
    first, second = (gateway.predict(phantom, params={"detail": "full"}).json() for _ in range(2))
    assert without_times(first) == without_times(second)


def without_times(report: Any) -> Any:
    if isinstance(report, dict):
        kept = {key: value for key, value in report.items() if not re.search(r"time|seconds|timings", key)}
        return {key: without_times(value) for key, value in kept.items()}
    return [without_times(part) for part in report] if isinstance(report, list) else report


def test_the_whole_report_has_row_and_findings(gateway: RunningGateway, phantom: Path) -> None:
    report = gateway.predict(phantom, params={"detail": "full"}).json()
    assert set(report["row"]) == set(COLUMNS)
    assert len(report["findings"]) == 16


def test_a_study_as_the_bare_body(gateway: RunningGateway, phantom: Path) -> None:
    with gateway.client() as client:
        headers = {"Content-Type": "application/zip"}
        answer = client.post("/inference/predict", content=phantom.read_bytes(), headers=headers)
    assert answer.json()["processing_status"] == "Success"


def test_several_studies_give_rows_and_a_failed_one_is_not_normal(
    gateway: RunningGateway, phantom: Path, text: Path
) -> None:
    answer = gateway.predict(phantom, text)
    assert answer.status_code == 200
    good, bad = answer.json()["rows"]
    assert (good["processing_status"], bad["processing_status"]) == ("Success", "Failure")
    assert bad["pathology"] is None
    assert bad["probability_of_pathology"] is None
    assert (bad["verdict"], bad["error"]) == ("not_analysed", "not_dicom")
    assert answer.json()["summary"] == {
        "studies": 2,
        "analysed": 1,
        "failed": 1,
        "has_pathology_any": good["pathology"] == 1,
    }


def test_with_all_every_study_has_a_row(gateway: RunningGateway, phantom: Path, text: Path) -> None:
    nothing = gateway.predict(text, params={"all": "true"})
    assert nothing.status_code == 200
    (row,) = nothing.json()["rows"]
    assert (row["error"], row["verdict"], row["pathology"]) == ("not_dicom", "not_analysed", None)
    one = gateway.predict(phantom, params={"all": "true", "detail": "full"}).json()
    assert [report["verdict"] for report in one["rows"]] != ["not_analysed"]
    assert one["summary"] | {"has_pathology_any": None} == {
        "studies": 1,
        "analysed": 1,
        "failed": 0,
        "has_pathology_any": None,
    }


def test_csv_for_many(gateway: RunningGateway, phantom: Path, text: Path) -> None:
    answer = gateway.predict(phantom, text, headers={"Accept": CSV})
    assert answer.headers["content-type"].startswith(CSV)
    good, bad = csv.DictReader(io.StringIO(answer.text))
    assert tuple(good) == TABLE
    assert (good["processing_status"], bad["processing_status"]) == ("Success", "Failure")
    assert (bad["pathology"], bad["probability_of_pathology"]) == ("", "")


def test_xlsx_for_many(gateway: RunningGateway, phantom: Path, text: Path) -> None:
    answer = gateway.predict(phantom, text, headers={"Accept": XLSX})
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    head, good, bad = sheet.iter_rows(values_only=True)
    assert head == TABLE
    assert good[COLUMNS.index("processing_status")] == "Success"
    assert bad[COLUMNS.index("pathology")] is None


@pytest.mark.parametrize("study", ["normal001", "cap001", "lung_dx_a0002"])
def test_real_studies_are_screened(gateway: RunningGateway, real_data: Path, tmp_path: Path, study: str) -> None:
    archive = shutil.make_archive(str(tmp_path / study), "zip", real_data / "dicom" / study)
    answer = gateway.predict(Path(archive))
    assert answer.status_code == 200, answer.text
    assert answer.json()["processing_status"] == "Success"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [(b"", 400, "empty_upload"), (b"no DICOM", 415, "not_dicom"), (b"PK\x03\x04", 422, "broken_archive")],
)
def test_what_cannot_be_read_is_an_error_with_a_code(
    gateway: RunningGateway, tmp_path: Path, content: bytes, status: int, code: str
) -> None:
    upload = tmp_path / "upload"
    upload.write_bytes(content)
    answer = gateway.predict(upload)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert answer.json().keys() == {"error", "detail", "request_id"}
    assert answer.headers["x-request-id"] == answer.json()["request_id"]


def test_no_uploads_remain(gateway: RunningGateway) -> None:
    assert gateway.is_idle()

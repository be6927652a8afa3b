"""The report of an upload that was not screened: a failed row with the reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from screening.errors import EngineFault
from screening.results.report import Report


@dataclass(frozen=True)
class RefusedUpload:
    """Why an upload was not screened: error code and detail."""

    code: str
    detail: str


def failed_report(name: str, refused: RefusedUpload) -> Mapping[str, Any]:
    """The full report of an upload that was not screened."""
    report = Report.failed(name, EngineFault(refused.detail), 0.0).to_json()
    return {**report, "error": {"code": refused.code, "detail": refused.detail}}


def with_upload_name(report: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The full report, with the name of the upload in this run."""
    return {**report, "row": {**report["row"], "path_to_study": name}}

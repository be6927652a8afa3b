"""Uploads of a mass run that became no report of their own: a failed row says why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from screening.errors import EngineFault
from screening.report import Report


@dataclass(frozen=True)
class Refused:
    """An upload was not screened, for this reason."""

    code: str
    detail: str


def failed_report(name: str, why: Refused) -> Mapping[str, Any]:
    """The whole report of an upload that was not screened."""
    report = Report.failed(name, EngineFault(why.detail), 0.0).to_json()
    return {**report, "error": {"code": why.code, "detail": why.detail}}


def renamed(report: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The whole report under the name that the run has for its upload."""
    return {**report, "row": {**report["row"], "path_to_study": name}}

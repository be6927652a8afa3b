"""The answer about an analysis that has ended: what the original's clients read, and the analysis itself."""

from typing import Any, Final, Self

from pydantic import BaseModel, Field

from gateway.analyses.api.shapes import Analysis
from gateway.analyses.requests import AnalysisStatus
from gateway.reports.stored_reports import StoredReport
from screening.results.verdict import Verdict

CANCELLED: Final = {"error": "cancelled", "detail": "The analysis was cancelled. Request a new one."}
OUTCOME: Final = "has_pathology_any"


class AnalysisSummary(BaseModel):
    """Counts of the report; `has_pathology_any` is absent when `ok` is false."""

    studies: int
    analysed: int
    failed: int
    has_pathology_any: bool = Field(False, description="True when the verdict of any study is pathology.")


class EndedAnalysis(Analysis):
    """An ended analysis. When `ok` is false, `error` and `detail` say why, and `has_pathology_any` is absent."""

    ok: bool = Field(description="Whether the verdict of the scan is normal or pathology.")
    has_pathology_any: bool = Field(False, description="Absent when `ok` is false: then it is not known.")
    summary: AnalysisSummary | None = Field(None, description="Absent when the analysis was cancelled.")

    @classmethod
    def of_report(cls, status: AnalysisStatus, report: StoredReport | None) -> Self:
        """The answer for an ended analysis; `report` is None for a cancelled one. Fields that are unset are absent."""
        analysis = Analysis.of(status).model_dump()
        if report is None:
            return cls.model_validate({**analysis, **CANCELLED, "ok": False})
        summary = dict(report.body["summary"])
        if report.row.verdict == Verdict.NOT_ANALYSED.value:
            del summary[OUTCOME]
            return cls.model_validate({**analysis, **_reason(report.body), "ok": False, "summary": summary})
        outcome = {OUTCOME: summary[OUTCOME]}
        return cls.model_validate({**analysis, **outcome, "ok": True, "summary": summary})


def _reason(body: Any) -> dict[str, Any]:
    """Error and detail of the first study that was not analysed."""
    row = next(row for row in body["rows"] if row["error"] is not None)
    return {"error": row["error"], "detail": row["detail"]}

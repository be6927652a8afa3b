"""The body of a report (rows, summary, the whole report of each study), and the outcome of the scan."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from gateway.reports.report_table import table_row
from screening.results.report import Report
from screening.results.verdict import Verdict

MOST_SEVERE_FIRST: Final = (Verdict.PATHOLOGY, Verdict.NOT_ANALYSED, Verdict.NORMAL)


def body_of(reports: Sequence[Report]) -> dict[str, Any]:
    """The report body of one upload, as it is stored and as the API returns it."""
    studies = [report.to_json() for report in reports]
    rows = [table_row(study) for study in studies]
    return {"rows": rows, "summary": summary_of(reports), "studies": studies}


def summary_of(reports: Sequence[Report]) -> dict[str, Any]:
    """Counts over the reports; whether any is pathology is not known while a study of them was not analysed."""
    failed = sum(report.error is not None for report in reports)
    found = any(report.verdict is Verdict.PATHOLOGY for report in reports)
    return {
        "studies": len(reports),
        "analysed": len(reports) - failed,
        "failed": failed,
        "has_pathology_any": None if failed and not found else found,
    }


@dataclass(frozen=True)
class ScanOutcome:
    """The outcome of the scan: pathology if any study is; else not analysed if any was not; else normal."""

    verdict: Verdict
    probability: float | None
    finding: str | None
    study_uid: str | None

    @classmethod
    def of(cls, reports: Sequence[Report]) -> Self:
        """The outcome of the most severe study; of equally severe ones, of the most probable."""
        most_severe = min(reports, key=_severity)
        row = most_severe.row
        return cls(
            most_severe.verdict,
            row["probability_of_pathology"],
            row["most_dangerous_pathology_type"],
            row["study_uid"],
        )


def _severity(report: Report) -> tuple[int, float]:
    return MOST_SEVERE_FIRST.index(report.verdict), -(report.row["probability_of_pathology"] or 0.0)

"""Studies that are screened at once and kept nowhere: `POST /inference/predict`, for mass runs."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.people.principal import Principal, RequestFacts
from gateway.services import audit
from gateway.services.analysis import Analysis, Upload
from gateway.services.operating_point import OperatingPoints
from gateway.store.database import Database
from screening.report import Report


@dataclass(frozen=True)
class Predictions:
    """Screens uploads at the asker's operating point; the audit learns who did, and which studies."""

    database: Database
    analysis: Analysis
    points: OperatingPoints

    def refuse_if_full(self) -> None:
        """Raise EngineOverloaded before an upload is read that would find no room."""
        self.analysis.admission.refuse_if_full(self.analysis.slices_per_upload)

    async def screened(self, asking: Principal, uploads: Sequence[Upload], facts: RequestFacts) -> tuple[Report, ...]:
        """All reports; raises the first StudyError when no study was analysed."""
        analysis = self.analysis.judging_at((await self.points.read(asking.institution)).point)
        reports = tuple([report for upload in uploads for report in await analysis.reports(upload)])
        errors = [report.error for report in reports if report.error is not None]
        await self._kept(asking, reports, facts)
        if len(errors) == len(reports):
            raise errors[0]
        return reports

    async def _kept(self, asking: Principal, reports: Sequence[Report], facts: RequestFacts) -> None:
        uids = [str(report.row["study_uid"]) for report in reports if report.row["study_uid"]]
        detail: audit.Detail = {"studies": len(reports), "study_uids": uids}
        async with self.database.transaction() as session:
            await audit.record(session, asking, audit.Action.EXECUTE, "screening", None, facts, detail)

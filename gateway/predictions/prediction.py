"""Studies that are screened at once and kept nowhere: `POST /inference/predict`, for mass runs."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from gateway.audit import audit_log
from gateway.database.connection import Database
from gateway.principal import Principal, RequestContext
from gateway.screening.active_networks import Networks
from gateway.screening.operating_point import OperatingPoints
from gateway.screening.pipeline import Upload
from screening.report import Report


@dataclass(frozen=True)
class Predictions:
    """Screens uploads at the asker's operating point; the audit learns who did, and which studies."""

    database: Database
    networks: Networks
    points: OperatingPoints

    def expected(self) -> AbstractContextManager[None]:
        """A block for an upload to come in; raises EngineOverloaded before it is read, when it would find no room."""
        analysis = self.networks.now.analysis
        return analysis.admission.expect(analysis.slices_per_upload)

    async def screened(
        self, principal: Principal, uploads: Sequence[Upload], context: RequestContext
    ) -> tuple[Report, ...]:
        """The reports of all studies, of those that were not analysed too."""
        async with self.networks.in_use() as served:
            force = await self.points.read(principal.institution, served.card)
            analysis = served.analysis.judging_at(force.point)
            reports = tuple([report for upload in uploads for report in await analysis.reports(upload)])
        await self._kept(principal, reports, context)
        return reports

    async def _kept(self, principal: Principal, reports: Sequence[Report], context: RequestContext) -> None:
        uids = [str(report.row["study_uid"]) for report in reports if report.row["study_uid"]]
        detail: audit_log.Detail = {"studies": len(reports), "study_uids": uids}
        async with self.database.transaction() as session:
            await audit_log.record(session, principal, audit_log.Action.EXECUTE, "screening", None, context, detail)

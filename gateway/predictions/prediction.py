"""Prediction: uploads are screened at once and stored nowhere (`POST /inference/predict`)."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from gateway.audit import audit_log
from gateway.database.connection import Database
from gateway.fairness.party import Party
from gateway.principal import Principal, RequestContext
from gateway.quotas.quotas import NO_QUOTAS, Quotas
from gateway.screening.active_networks import ActiveNetworks
from gateway.screening.card_in_force import CardsInForce
from gateway.screening.pipeline import Upload
from screening.results.report import Report


@dataclass(frozen=True)
class Predictions:
    """Screens uploads with the model card and operating point of the principal's institution; each call is audited."""

    database: Database
    networks: ActiveNetworks
    cards: CardsInForce
    quotas: Quotas = NO_QUOTAS

    async def check_quota(self, principal: Principal) -> None:
        """Raise QuotaExceeded when the principal or its institution has used up its day."""
        await self.quotas.check(self.database, principal)

    def reserve(self, principal: Principal) -> AbstractContextManager[None]:
        """Reserve capacity while an upload is received; raises EngineOverloaded before its first byte is read."""
        pipeline = self.networks.current.pipeline
        return pipeline.admission.reserve(pipeline.slices_per_upload, Party.of(principal))

    async def screen(
        self, principal: Principal, uploads: Sequence[Upload], context: RequestContext
    ) -> tuple[Report, ...]:
        """The report of every study, those included that were not analysed."""
        async with self.networks.in_use() as served:
            card = await self.cards.for_screening(principal.institution, served.card)
            pipeline = served.pipeline.with_card(card).on_behalf_of(Party.of(principal), patient=False)
            reports = tuple([report for upload in uploads for report in await pipeline.reports(upload)])
        size = await asyncio.to_thread(lambda: sum(_size(upload.path) for upload in uploads))
        await self._record(principal, reports, context, len(uploads), size)
        return reports

    async def _record(
        self, principal: Principal, reports: Sequence[Report], context: RequestContext, uploads: int, size: int
    ) -> None:
        """The audit event, and the usage, in one transaction."""
        uids = [str(report.row["study_uid"]) for report in reports if report.row["study_uid"]]
        detail: audit_log.Detail = {"studies": len(reports), "study_uids": uids}
        async with self.database.transaction() as session:
            await audit_log.record(session, principal, audit_log.Action.EXECUTE, "screening", None, context, detail)
            await self.quotas.count_done(session, principal, uploads, size)


def _size(path: Path) -> int:
    """Bytes of a file, or of all files of a folder."""
    return path.stat().st_size if path.is_file() else sum(_size(one) for one in path.iterdir())

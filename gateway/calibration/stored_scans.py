"""Stored scans with the feedback of radiologists: the label is theirs, the score is that of the newest report.

Radiologists rarely give feedback on a random sample. `analysed` says how many scans the feedback was chosen from.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from gateway.audit import audit_log
from gateway.calibration.collected_studies import CollectedStudies, Collector
from gateway.calibration.store import labelled_reports
from gateway.calibration.store.labelled_reports import GivenFeedback
from gateway.database.connection import AsyncSession, Database
from gateway.principal import Principal
from screening.evaluation.scored_studies import LeftOut, scored_study
from screening.results.model_card import ModelCard


@dataclass(frozen=True)
class StoredScans:
    """The scans of the principal's institution; reading their feedback is an audit event."""

    database: Database

    async def collect(self, principal: Principal, card: ModelCard) -> CollectedStudies:
        """The labelled scans with the score that this card gives them."""
        async with self.database.transaction() as session:
            labels, collector = await self._labels(session, principal.institution)
            scans = list(labels)
            async for report in labelled_reports.newest_reports(session, principal.institution, scans):
                label, patient = labels[report.scan_id], str(report.patient_id)
                month = f"{report.created_at:%Y-%m}"
                scan = str(report.scan_id)
                collector.add(scored_study(report.studies, scan, patient, label, card, month))
            analysed = await labelled_reports.analysed_scans(session, principal.institution)
            detail: audit_log.Detail = {"calibration": True, "scans": len(scans)}
            await audit_log.record(session, principal, audit_log.Action.READ, "feedback", None, None, detail)
        return collector.collected(analysed)

    async def _labels(self, session: AsyncSession, institution: str) -> tuple[dict[UUID, int], Collector]:
        """The label of each scan; scans with none, or with feedback that contradicts itself, are counted."""
        said: Mapping[UUID, set[int | None]] = defaultdict(set)
        async for feedback in labelled_reports.all_feedback(session, institution):
            said[feedback.scan_id].add(label_of(feedback))
        labels, collector = {}, Collector()
        for scan, values in said.items():
            known = values - {None}
            if len(known) == 1:
                labels[scan] = next(value for value in known if value is not None)
            else:
                collector.add(LeftOut.CONTRADICTED if known else LeftOut.NO_LABEL)
        return labels, collector


def label_of(feedback: GivenFeedback) -> int | None:
    """What a radiologist says: 0 normal, 1 pathology, None when nothing follows from it.

    Another finding than the reported one is pathology. Disagreement without a finding means the other verdict.
    """
    if feedback.finding is not None:
        return 1
    if feedback.verdict not in ("normal", "pathology"):
        return None
    return int((feedback.verdict == "pathology") == feedback.agrees)

"""What rules would do with the last studies, beside what the rules in force do with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from gateway.audit import audit_log
from gateway.database.connection import AsyncSession, Database
from gateway.pacs.routing.decision import Decision, StudyAttributes
from gateway.pacs.routing.matching import decide
from gateway.pacs.routing.rule import RuleTable
from gateway.pacs.routing.rule_tables import rules_in_force
from gateway.pacs.routing.store import incoming, uploads
from gateway.pacs.routing.store.incoming import CompleteStudy
from gateway.pacs.routing.study_attributes import attributes_of
from gateway.pacs.routing.upload_attributes import attributes_of_upload
from gateway.principal import Principal, RequestContext

MAX_STUDIES: Final = 200


class Change(StrEnum):
    """What of a decision differs."""

    SCREEN = "screen"
    URGENT = "urgent"
    DESTINATIONS = "destinations"


@dataclass(frozen=True)
class RecentStudy:
    """A study that came, with its attributes; `scan_id` is None when the scan was deleted."""

    received_at: datetime
    study_uid: str | None
    scan_id: UUID | None
    attributes: StudyAttributes


@dataclass(frozen=True)
class TriedStudy:
    """What the rules in force do with a study, and what the tried ones would do."""

    study: RecentStudy
    now: Decision
    then: Decision

    @property
    def changes(self) -> list[Change]:
        """What would differ; another rule that does the same is no change."""
        return [change for change in Change if getattr(self.now, change) != getattr(self.then, change)]


@dataclass(frozen=True)
class DryRun:
    """Tries rules on the studies of the principal's institution; nothing is changed, and no study is screened."""

    database: Database

    async def run(
        self, principal: Principal, table: RuleTable, limit: int, context: RequestContext | None
    ) -> Sequence[TriedStudy]:
        """The last `limit` studies, newest first."""
        async with self.database.transaction() as session:
            in_force = await rules_in_force(session, principal.institution)
            studies = await _recent(session, principal.institution, limit)
            detail = {"ids": [str(one.scan_id) for one in studies if one.scan_id], "reason": "routing_rules"}
            await audit_log.record(session, principal, audit_log.Action.READ, "scan", None, context, detail)
        return [
            TriedStudy(one, decide(in_force, one.attributes), decide(table.rules, one.attributes)) for one in studies
        ]


async def _recent(session: AsyncSession, institution: str, limit: int) -> Sequence[RecentStudy]:
    """The newest studies from the network that are complete, and the newest uploads."""
    found = [
        RecentStudy(one.study.last_at, one.study.study_uid, one.scan_id, _attributes(one))
        for one in await incoming.recent(session, institution, limit)
    ]
    found += [
        RecentStudy(one.uploaded_at, one.study_uid, one.scan_id, attributes_of_upload(one))
        for one in await uploads.recent(session, institution, limit)
    ]
    return sorted(found, key=lambda one: one.received_at, reverse=True)[:limit]


def _attributes(found: CompleteStudy) -> StudyAttributes:
    study = found.study
    return attributes_of(study.source, study.sender, study.description, study.age_years, found.series)

"""Opening a scan to look at it: is it the asker's to see, which file is it, and a word in the audit."""

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from gateway.audit import audit_log
from gateway.database.connection import Database
from gateway.errors import NotFound
from gateway.principal import Principal, RequestContext
from gateway.records.store import stored_files
from gateway.records.store.stored_files import Uploaded
from gateway.viewing.audit_window import Recently

EXPORTED: Final = frozenset({"volume", "lungs", "heatmap"})  # files that go on living elsewhere


@dataclass(frozen=True)
class Opened:
    """A scan that may be looked at, at its study of `study_uid`: asked for `by_name`, else that of the report."""

    file: Uploaded
    study_uid: str | None
    evidence_key: str | None
    by_name: bool

    @property
    def sha256(self) -> str:
        return self.file.sha256


@dataclass(frozen=True)
class Opening:
    """Opens scans."""

    database: Database
    recently: Recently = field(default_factory=Recently)

    async def __call__(
        self, principal: Principal, context: RequestContext, scan_id: UUID, what: str, study_uid: str | None = None
    ) -> Opened:
        """Raises NotFound. `what` is looked at, as the audit has it: once in a while, however often it is asked for."""
        mark = (principal.key, str(scan_id), what)
        async with self.database.transaction() as session:
            file = await stored_files.of_scan(session, principal.institution, scan_id)
            if file is None:
                raise NotFound("there is no such scan")
            key = await stored_files.evidence_of_scan(session, principal.institution, scan_id)
            if mark not in self.recently:
                action = audit_log.Action.EXPORT if what in EXPORTED else audit_log.Action.READ
                await audit_log.record(session, principal, action, "scan", scan_id, context, {"seen": what})
        self.recently.add(mark)
        return Opened(file, study_uid or file.study_uid, key, study_uid is not None)

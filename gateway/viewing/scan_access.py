"""Access to a scan for viewing: the scan must be of the principal's institution, and the read is an audit event."""

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from gateway.audit import audit_log
from gateway.database.connection import Database
from gateway.errors import NotFound
from gateway.fairness.party import Party
from gateway.principal import Principal, RequestContext
from gateway.records.store import stored_files
from gateway.records.store.stored_files import StoredFile
from gateway.viewing.audit_window import AuditWindow

# Files that the client stores: each is an event; those of the second kind come in hundreds and are one in a window.
EXPORTED_KINDS: Final = frozenset({"volume", "lungs", "heatmap", "result objects", "DICOM study", "DICOM series"})
EXPORTED_PIECES: Final = frozenset({"DICOM instance", "DICOM bulk data"})


@dataclass(frozen=True)
class OpenedScan:
    """A scan opened for viewing, at its study of `study_uid`.

    `by_study_uid`: the caller named the study; else it is the study of the report.
    """

    file: StoredFile
    study_uid: str | None
    evidence_key: str | None
    by_study_uid: bool
    party: Party

    @property
    def sha256(self) -> str:
        return self.file.sha256


@dataclass(frozen=True)
class ScanAccess:
    """Opens scans for viewing."""

    database: Database
    audit_window: AuditWindow = field(default_factory=AuditWindow)

    async def open(
        self,
        principal: Principal,
        context: RequestContext | None,
        scan_id: UUID,
        what: str,
        study_uid: str | None = None,
    ) -> OpenedScan:
        """Open a scan to view `what`, which the audit event names. Raises NotFound.

        Repeated views are one event in each audit window; each export is an event.
        """
        viewed, exported = (principal.key, str(scan_id), what), what in EXPORTED_KINDS
        async with self.database.transaction() as session:
            file = await stored_files.find_by_scan(session, principal.institution, scan_id)
            if file is None:
                raise NotFound("there is no such scan")
            evidence_key = await stored_files.find_evidence_key(session, principal.institution, scan_id)
            if exported or viewed not in self.audit_window:
                is_export = exported or what in EXPORTED_PIECES
                action = audit_log.Action.EXPORT if is_export else audit_log.Action.READ
                await audit_log.record(session, principal, action, "scan", scan_id, context, {"seen": what})
        self.audit_window.add(viewed)
        party = Party.of(principal)
        return OpenedScan(file, study_uid or file.study_uid, evidence_key, study_uid is not None, party)

"""All tables; importing this package makes the SQLAlchemy metadata complete."""

from gateway.database.tables.analyses import AnalysisRow, AttemptRow
from gateway.database.tables.audit import AuditRow, PendingAuditRow
from gateway.database.tables.auth import BrowserSessionRow, PendingLoginRow, TokenRow, UserRow
from gateway.database.tables.base import Base
from gateway.database.tables.deliveries import DeliveryRow, UnplannedReportRow
from gateway.database.tables.destinations import DestinationRow
from gateway.database.tables.dicom_index import DicomIndexRow, DicomSeriesRow, DicomStudyRow
from gateway.database.tables.idempotency import IdempotencyRow, StoredAnswerRow
from gateway.database.tables.incoming import IncomingInstanceRow, IncomingStudyRow, PatientIdentifierRow
from gateway.database.tables.institution_settings import InstitutionSettingRow
from gateway.database.tables.prior_searches import PriorSearchRow
from gateway.database.tables.rate_limits import RateLimitRow
from gateway.database.tables.records import BlobRow, PatientRow, ScanRow
from gateway.database.tables.refused_senders import RefusedSenderRow
from gateway.database.tables.reports import FeedbackRow, ReportRow
from gateway.database.tables.runs import RunItemRow, RunRow
from gateway.database.tables.scan_origins import ScanOriginRow
from gateway.database.tables.served_parties import ServedPartyRow
from gateway.database.tables.site_cards import SiteCardRow
from gateway.database.tables.usage import UsageRow

__all__ = [
    "AnalysisRow",
    "AttemptRow",
    "AuditRow",
    "Base",
    "BlobRow",
    "BrowserSessionRow",
    "DeliveryRow",
    "DestinationRow",
    "DicomIndexRow",
    "DicomSeriesRow",
    "DicomStudyRow",
    "FeedbackRow",
    "IdempotencyRow",
    "IncomingInstanceRow",
    "IncomingStudyRow",
    "InstitutionSettingRow",
    "PatientIdentifierRow",
    "PatientRow",
    "PendingAuditRow",
    "PendingLoginRow",
    "PriorSearchRow",
    "RateLimitRow",
    "RefusedSenderRow",
    "ReportRow",
    "RunItemRow",
    "RunRow",
    "ScanOriginRow",
    "ScanRow",
    "ServedPartyRow",
    "SiteCardRow",
    "StoredAnswerRow",
    "TokenRow",
    "UnplannedReportRow",
    "UsageRow",
    "UserRow",
]

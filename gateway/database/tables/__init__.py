"""Every table, one idea a file; importing this room makes the metadata complete."""

from gateway.database.tables.audit import AuditRow
from gateway.database.tables.base import Base
from gateway.database.tables.choices import ChoiceRow
from gateway.database.tables.idempotency import IdempotencyRow
from gateway.database.tables.people import PendingSignInRow, SignInRow, TokenRow, UserRow
from gateway.database.tables.records import BlobRow, PatientRow, ScanRow
from gateway.database.tables.runs import RunItemRow, RunRow
from gateway.database.tables.work import AnalysisRow, AttemptRow, FeedbackRow, ReportRow

__all__ = [
    "AnalysisRow",
    "AttemptRow",
    "AuditRow",
    "Base",
    "BlobRow",
    "ChoiceRow",
    "FeedbackRow",
    "IdempotencyRow",
    "PatientRow",
    "PendingSignInRow",
    "ReportRow",
    "RunItemRow",
    "RunRow",
    "ScanRow",
    "SignInRow",
    "TokenRow",
    "UserRow",
]

"""Every table, one idea a file; importing this room makes the metadata complete."""

from gateway.store.tables.audit import AuditRow
from gateway.store.tables.base import Base
from gateway.store.tables.choices import ChoiceRow
from gateway.store.tables.idempotency import IdempotencyRow
from gateway.store.tables.people import PendingSignInRow, SignInRow, TokenRow, UserRow
from gateway.store.tables.records import BlobRow, PatientRow, ScanRow
from gateway.store.tables.runs import RunItemRow, RunRow
from gateway.store.tables.work import AnalysisRow, AttemptRow, FeedbackRow, ReportRow

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

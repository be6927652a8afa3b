"""What each role may do: one table, and nothing anywhere else asks for a role."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Role(StrEnum):
    """What a person is in the house."""

    RADIOLOGIST = "radiologist"
    RESEARCHER = "researcher"
    ADMIN = "admin"


class Scope(StrEnum):
    """One thing that may be done; calls ask for these."""

    PATIENTS_READ = "patients.read"
    PATIENTS_WRITE = "patients.write"
    SCANS_READ = "scans.read"
    SCANS_WRITE = "scans.write"
    SCANS_FILE = "scans.file"
    ANALYSES_RUN = "analyses.run"
    REPORTS_READ = "reports.read"
    FEEDBACK_WRITE = "feedback.write"
    FEEDBACK_READ = "feedback.read"
    INFERENCE_PREDICT = "inference.predict"
    NAMES_READ = "names.read"
    AUDIT_READ = "audit.read"
    TOKENS_MANAGE = "tokens.manage"
    USERS_MANAGE = "users.manage"
    OPERATION_WRITE = "operation.write"


ALL: Final = frozenset(Scope)
STEWARDSHIP: Final = frozenset({Scope.AUDIT_READ, Scope.TOKENS_MANAGE, Scope.USERS_MANAGE, Scope.OPERATION_WRITE})

GRANTS: Final[Mapping[Role, frozenset[Scope]]] = MappingProxyType(
    {
        Role.RADIOLOGIST: ALL - STEWARDSHIP,
        # Pseudonyms only: no names, no descriptions, no file names, and no original file, whose headers hold them.
        Role.RESEARCHER: frozenset({Scope.PATIENTS_READ, Scope.SCANS_READ, Scope.REPORTS_READ, Scope.FEEDBACK_READ}),
        Role.ADMIN: ALL,
    }
)

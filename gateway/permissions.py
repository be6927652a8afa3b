"""The scopes of each role, in one table. All other code checks scopes, never roles."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Role(StrEnum):
    """The role of a person in the institution."""

    RADIOLOGIST = "radiologist"
    RESEARCHER = "researcher"
    ADMIN = "admin"


class Scope(StrEnum):
    """A permission; each HTTP call requires one or more."""

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


ALL_SCOPES: Final = frozenset(Scope)
ADMIN_SCOPES: Final = frozenset({Scope.AUDIT_READ, Scope.TOKENS_MANAGE, Scope.USERS_MANAGE, Scope.OPERATION_WRITE})

GRANTS: Final[Mapping[Role, frozenset[Scope]]] = MappingProxyType(
    {
        Role.RADIOLOGIST: ALL_SCOPES - ADMIN_SCOPES,
        # Pseudonyms only: no names, descriptions or file names, and no original file, whose DICOM headers hold names.
        Role.RESEARCHER: frozenset({Scope.PATIENTS_READ, Scope.SCANS_READ, Scope.REPORTS_READ, Scope.FEEDBACK_READ}),
        Role.ADMIN: ALL_SCOPES,
    }
)

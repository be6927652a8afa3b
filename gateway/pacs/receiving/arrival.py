"""An instance that has come whole: its header, its bytes in the storage, and who sent it."""

from dataclasses import dataclass, field
from typing import Final

from gateway.database.tables.scan_origins import Source
from gateway.pacs.receiving.instance_header import InstanceHeader
from gateway.permissions import Role, Scope
from gateway.principal import Principal, PrincipalKind

OF_A_SENDER: Final = frozenset({Scope.PATIENTS_WRITE, Scope.SCANS_WRITE, Scope.ANALYSES_RUN})


@dataclass(frozen=True)
class Sender:
    """Who sends: a calling AE title, or the account of a STOW-RS request. `key` is for the audit log and fair order."""

    source: Source
    name: str
    key: str
    institution: str

    @classmethod
    def of_ae_title(cls, title: str, institution: str) -> "Sender":
        return cls(Source.DIMSE, title, f"dimse:{title}", institution)

    @classmethod
    def of_account(cls, principal: Principal) -> "Sender":
        return cls(Source.STOW, principal.name, principal.key, principal.institution)

    @property
    def principal(self) -> Principal:
        """Who does what follows from an instance: a program that may write and screen, and read nothing."""
        return Principal(self.key, PrincipalKind.PROGRAM, self.name, Role.RADIOLOGIST, self.institution, OF_A_SENDER)


@dataclass(frozen=True)
class Arrival:
    """`waiting_key` is where its file of `size` bytes is; `digest` is the SHA-256 of its data set."""

    sender: Sender
    header: InstanceHeader
    waiting_key: str
    digest: str
    size: int
    urgent: bool = field(default=False)


@dataclass(frozen=True)
class StudyLimits:
    """The most instances and bytes of one study."""

    instances: int
    bytes: int

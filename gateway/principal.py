"""The principal of a request: a person, a program with a token, the local admin, or a worker."""

from dataclasses import dataclass
from enum import StrEnum

from gateway.permissions import GRANTS, Role, Scope
from gateway.text_rule import why_refused


class PrincipalKind(StrEnum):
    """The kind of principal, as the audit log names it."""

    PERSON = "person"
    PROGRAM = "program"
    LOCAL = "local"
    WORKER = "worker"


@dataclass(frozen=True)
class Principal:
    """Who sends a request. `key` identifies it for good: `oidc:<issuer>#<subject>`, `token:<id>` or `local`.

    Raises ValueError without a key, for an institution's name that is refused, and for a scope beyond the role.
    """

    key: str
    kind: PrincipalKind
    name: str
    role: Role
    institution: str
    scopes: frozenset[Scope]

    def __post_init__(self) -> None:
        if not self.key:
            raise ValueError("a principal has a key")
        if reason := why_refused(self.institution):
            raise ValueError(f"the institution's name {reason}")
        if beyond := self.scopes - GRANTS[self.role]:
            raise ValueError(f"the role {self.role} has no {', '.join(sorted(beyond))}")

    def has_scope(self, scope: Scope) -> bool:
        """Whether the principal has this scope."""
        return scope in self.scopes

    @property
    def sees_names(self) -> bool:
        """Whether it may see names, descriptions and file names of patients; pseudonyms otherwise."""
        return self.has_scope(Scope.NAMES_READ)


@dataclass(frozen=True)
class RequestContext:
    """The client's address and the request id, for the audit log."""

    address: str
    request_id: str

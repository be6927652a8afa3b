"""Who is asking: a person, a program with a token, or the local admin of a laptop."""

from dataclasses import dataclass
from enum import StrEnum

from gateway.permissions import GRANTS, Role, Scope


class Kind(StrEnum):
    """What sort of asker it is, as the audit tells it."""

    PERSON = "person"
    PROGRAM = "program"
    LOCAL = "local"
    WORKER = "worker"


@dataclass(frozen=True)
class Principal:
    """One asker. `key` names it for good: `oidc:<issuer>#<subject>`, `token:<id>` or `local`.

    Raises ValueError when made without a key or an institution, or with a scope that the role has not.
    """

    key: str
    kind: Kind
    name: str
    role: Role
    institution: str
    scopes: frozenset[Scope]

    def __post_init__(self) -> None:
        if not self.key or not self.institution:
            raise ValueError("a principal has a key and an institution")
        if beyond := self.scopes - GRANTS[self.role]:
            raise ValueError(f"the role {self.role} has no {', '.join(sorted(beyond))}")

    def may(self, scope: Scope) -> bool:
        """Whether this asker may do what `scope` names."""
        return scope in self.scopes

    @property
    def sees_names(self) -> bool:
        """Whether names, descriptions and file names of patients may be shown; pseudonyms otherwise."""
        return self.may(Scope.NAMES_READ)


@dataclass(frozen=True)
class RequestContext:
    """From where and under which id a request came, for the audit."""

    address: str
    request_id: str

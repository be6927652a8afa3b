"""The party of a request: an institution and one of its principals, among which turns go round."""

from dataclasses import dataclass
from typing import Final, Self

from gateway.principal import Principal


@dataclass(frozen=True)
class Party:
    """`principal` is the key of the principal, which is unique only together with its institution."""

    institution: str
    principal: str

    @classmethod
    def of(cls, principal: Principal) -> Self:
        return cls(principal.institution, principal.key)


LOCAL: Final = Party("local", "local")  # a command that uses a pipeline of its own

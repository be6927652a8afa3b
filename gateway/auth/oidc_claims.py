"""The claims of a login -> who is asking: role and institution from the claims that the settings name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from gateway.auth.oidc_provider import Claims
from gateway.auth.store import users
from gateway.database.connection import AsyncSession
from gateway.errors import UnknownInstitution, UnknownRole
from gateway.permissions import GRANTS, Role
from gateway.principal import Kind, Principal

WIDEST_FIRST: Final = (Role.ADMIN, Role.RADIOLOGIST, Role.RESEARCHER)  # each may do what those after it may
NAME_CLAIMS: Final = ("name", "preferred_username")
LONGEST: Final = 200


@dataclass(frozen=True)
class ClaimsMap:
    """Which claims say what. Without `institution_claim` everybody belongs to `institution`."""

    role_claim: str
    roles: Mapping[str, Role]
    institution_claim: str | None
    institution: str

    def principal(self, claims: Claims) -> Principal:
        """Who this is; raises UnknownRole or UnknownInstitution, in words, rather than guess."""
        role = self._role(claims)
        subject = str(claims["sub"])
        return Principal(
            key=f"oidc:{claims['iss']}#{subject}",
            kind=Kind.PERSON,
            name=next((text for claim in NAME_CLAIMS if (text := _text(claims.get(claim)))), subject),
            role=role,
            institution=self._institution(claims),
            scopes=GRANTS[role],
        )

    def _role(self, claims: Claims) -> Role:
        """The widest role that the claim names."""
        names = self.roles or {role.value: role for role in Role}
        found = {names[value] for value in _values(_at(claims, self.role_claim)) if value in names}
        for role in WIDEST_FIRST:
            if role in found:
                return role
        raise UnknownRole(
            f"your login carries no role of this service in its claim {self.role_claim!r}; "
            f"whoever manages the logins can give you one of: {', '.join(sorted(names))}"
        )

    def _institution(self, claims: Claims) -> str:
        if self.institution_claim is None:
            return self.institution
        institution = _text(_at(claims, self.institution_claim))
        if not institution:
            raise UnknownInstitution(f"your login names no institution in its claim {self.institution_claim!r}")
        return institution


async def record_user(session: AsyncSession, claims: Claims, principal: Principal) -> None:
    """Keep that this person came, as the provider tells of them now."""
    await users.seen(
        session,
        issuer=str(claims["iss"]),
        subject=str(claims["sub"]),
        name=principal.name,
        role=principal.role,
        institution=principal.institution,
        now=datetime.now(UTC),
    )


def _at(claims: Claims, path: str) -> Any:
    """The claim of that very name (`https://hospital.example/roles`), or the one that the dots lead to."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _values(claim: Any) -> Iterable[str]:
    return [claim] if isinstance(claim, str) else [one for one in claim or () if isinstance(one, str)]


def _text(claim: Any) -> str:
    words = claim if isinstance(claim, str) else ""
    return "".join(letter for letter in words if letter.isprintable())[:LONGEST].strip()

"""The claims of an OIDC token -> the principal: role and institution from the claims that the settings name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from gateway.auth.oidc_provider import Claims
from gateway.auth.store import users
from gateway.database.connection import AsyncSession
from gateway.errors import UnknownInstitution, UnknownRole
from gateway.permissions import GRANTS, Role
from gateway.principal import Principal, PrincipalKind

ROLES_BY_PRIVILEGE: Final = (
    Role.ADMIN,
    Role.RADIOLOGIST,
    Role.RESEARCHER,
)  # each role has all scopes of the roles after it
NAME_CLAIMS: Final = ("name", "preferred_username")
MAX_NAME_LENGTH: Final = 200


@dataclass(frozen=True)
class ClaimMapping:
    """Which claims hold role and institution. Without `institution_claim` every user belongs to `institution`."""

    role_claim: str
    roles: Mapping[str, Role]
    institution_claim: str | None
    institution: str

    def principal(self, claims: Claims) -> Principal:
        """The principal; raises UnknownRole or UnknownInstitution when a claim names none. No default is assumed."""
        role = self._role(claims)
        subject = str(claims["sub"])
        return Principal(
            key=f"oidc:{claims['iss']}#{subject}",
            kind=PrincipalKind.PERSON,
            name=next((text for claim in NAME_CLAIMS if (text := _text(claims.get(claim)))), subject),
            role=role,
            institution=self._institution(claims),
            scopes=GRANTS[role],
        )

    def _role(self, claims: Claims) -> Role:
        """The role with the most scopes among those that the claim names."""
        names = self.roles or {role.value: role for role in Role}
        found = {names[value] for value in _values(_claim_at(claims, self.role_claim)) if value in names}
        for role in ROLES_BY_PRIVILEGE:
            if role in found:
                return role
        raise UnknownRole(
            f"your login has no role of this service in its claim {self.role_claim!r}; "
            f"ask the administrator of the identity provider for one of: {', '.join(sorted(names))}"
        )

    def _institution(self, claims: Claims) -> str:
        if self.institution_claim is None:
            return self.institution
        institution = _text(_claim_at(claims, self.institution_claim))
        if not institution:
            raise UnknownInstitution(f"your login names no institution in its claim {self.institution_claim!r}")
        return institution


async def record_user(session: AsyncSession, claims: Claims, principal: Principal) -> None:
    """Write the user's row, with name, role and institution as the provider states them now."""
    await users.record_login(
        session,
        issuer=str(claims["iss"]),
        subject=str(claims["sub"]),
        name=principal.name,
        role=principal.role,
        institution=principal.institution,
        now=datetime.now(UTC),
    )


def _claim_at(claims: Claims, path: str) -> Any:
    """The claim with exactly this name (`https://hospital.example/roles`), else the one at the dotted path."""
    if path in claims:
        return claims[path]
    value: Any = claims
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _values(claim: Any) -> Iterable[str]:
    return [claim] if isinstance(claim, str) else [item for item in claim or () if isinstance(item, str)]


def _text(claim: Any) -> str:
    text = claim if isinstance(claim, str) else ""
    return "".join(letter for letter in text if letter.isprintable())[:MAX_NAME_LENGTH].strip()

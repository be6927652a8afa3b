"""The claims of an OIDC token -> the principal: role and institution from the claims that the settings name.

Claims are compared and never cleaned: a claim that is not exactly of the expected form is refused.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from gateway.auth.oidc_provider import Claims
from gateway.auth.store import users
from gateway.database.connection import AsyncSession
from gateway.errors import InvalidClaims, UnknownInstitution, UnknownRole
from gateway.permissions import GRANTS, Role
from gateway.principal import Principal, PrincipalKind
from gateway.text_rule import MAX_NAME_LENGTH, why_refused

ROLES_BY_PRIVILEGE: Final = (
    Role.ADMIN,
    Role.RADIOLOGIST,
    Role.RESEARCHER,
)  # each role has all scopes of the roles after it
NAME_CLAIMS: Final = ("name", "preferred_username")
MAX_SUBJECT_LENGTH: Final = 255  # OpenID Connect Core 2


@dataclass(frozen=True)
class ClaimMapping:
    """Which claims hold role and institution. Without `institution_claim` every user belongs to `institution`."""

    role_claim: str
    roles: Mapping[str, Role]
    institution_claim: str | None
    institution: str

    def principal(self, claims: Claims) -> Principal:
        """The principal; raises UnknownRole or UnknownInstitution when a claim names none. No default is assumed.

        Raises InvalidClaims for a claim that is not of the expected form.
        """
        role = self._role(claims)
        subject = _name_in(claims.get("sub"), "sub", MAX_SUBJECT_LENGTH)
        return Principal(
            key=f"oidc:{claims['iss']}#{subject}",
            kind=PrincipalKind.PERSON,
            name=_shown_name(claims) or subject,
            role=role,
            institution=self._institution(claims),
            scopes=GRANTS[role],
        )

    def _role(self, claims: Claims) -> Role:
        """The role with the most scopes among those that the claim names."""
        names = self.roles or {role.value: role for role in Role}
        values = _role_names(_claim_at(claims, self.role_claim), self.role_claim)
        found = {names[value] for value in values if value in names}
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
        institution = _claim_at(claims, self.institution_claim)
        if institution is None:
            raise UnknownInstitution(f"your login names no institution in its claim {self.institution_claim!r}")
        return _name_in(institution, self.institution_claim, MAX_NAME_LENGTH)


async def record_user(session: AsyncSession, claims: Claims, principal: Principal) -> None:
    """Write the user's row, with name, role and institution as the provider states them now."""
    await users.record_login(
        session,
        issuer=claims["iss"],
        subject=claims["sub"],
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


def _role_names(value: Any, claim: str) -> Collection[str]:
    """One role or several; an object of roles would give one that it sets to false."""
    if value is None:
        return ()
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(name, str) for name in values):
        raise InvalidClaims(f"the claim {claim!r} of your login must be a role or a list of roles")
    return values


def _name_in(value: Any, claim: str, max_length: int) -> str:
    if not isinstance(value, str):
        raise InvalidClaims(f"the claim {claim!r} of your login must be a string")
    if reason := why_refused(value, max_length):
        raise InvalidClaims(f"the claim {claim!r} of your login {reason}")
    return value


def _shown_name(claims: Claims) -> str | None:
    """The first of the names that can be shown as it is. It decides nothing, so others need not be refused for it."""
    values = [claims[claim] for claim in NAME_CLAIMS if claims.get(claim) is not None]
    if not all(isinstance(value, str) for value in values):
        raise InvalidClaims(f"the claims {' and '.join(NAME_CLAIMS)} of your login must be strings")
    return next((value for value in values if why_refused(value) is None), None)

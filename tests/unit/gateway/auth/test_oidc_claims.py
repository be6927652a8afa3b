"""Claims -> principal: exactly what the claims say, or a refusal with a stable code; never a cleaned one."""

from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.auth.oidc_claims import ClaimMapping
from gateway.errors import InvalidClaims, UnknownInstitution, UnknownRole
from gateway.permissions import GRANTS, Role
from gateway.principal import Principal

MAPPING: Final = ClaimMapping("roles", {}, "hospital", "default")
ISSUER: Final = "https://login.example"
GOOD: Final = {"iss": ISSUER, "sub": "u-1", "name": "Ada", "roles": ["radiologist"], "hospital": "alpha"}

texts = st.one_of(st.sampled_from(["alpha", "admin", "alpha\u200b", " alpha", "x" * 201, "\x00", "\ud800"]), st.text())
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=5,
)
roles = st.one_of(anything, st.lists(st.sampled_from([*Role, "porter"]), max_size=3))
claims = st.fixed_dictionaries(
    {"iss": st.just(ISSUER)},
    optional={"sub": anything, "name": anything, "preferred_username": anything, "roles": roles, "hospital": anything},
)


@settings(max_examples=60)
@given(claims)
def test_the_principal_is_what_the_claims_say_or_there_is_none(generated: dict[str, Any]) -> None:
    check(generated)


@settings(max_examples=60)
@given(st.sampled_from(sorted(GOOD)), anything)
def test_one_odd_claim_among_good_ones(claim: str, value: Any) -> None:
    check(GOOD | ({claim: value} if claim != "iss" else {}))


def check(generated: dict[str, Any]) -> None:
    try:
        principal = MAPPING.principal(generated)
    except (InvalidClaims, UnknownRole, UnknownInstitution) as refusal:
        assert (refusal.code, refusal.status) in {  # noqa: PT017 - either outcome is right
            ("invalid_claims", 401),
            ("unknown_role", 403),
            ("unknown_institution", 403),
        }
        refusal.detail.encode()
        return
    assert principal.institution == generated["hospital"]
    assert principal.key == f"oidc:{ISSUER}#{generated['sub']}"
    assert principal.name in [generated.get(name) for name in ("name", "preferred_username", "sub")]
    stated = generated["roles"]
    assert principal.role in ([stated] if isinstance(stated, str) else stated)
    assert principal.scopes == GRANTS[principal.role]


@pytest.mark.parametrize("value", [5, True, {"admin": False}, {"admin": True}, [["admin"]], [{"admin": True}], [5]])
def test_roles_are_a_string_or_a_list_of_strings(value: Any) -> None:
    with pytest.raises(InvalidClaims, match="roles"):
        MAPPING.principal(GOOD | {"roles": value})


@pytest.mark.parametrize(
    "value", ["alpha\u200b", "alpha ", "h" * 201, ["alpha"], {"alpha": True}, 5, "", "\ud800", "a\0"]
)
def test_an_institution_is_compared_and_never_cleaned(value: Any) -> None:
    with pytest.raises(InvalidClaims, match="hospital"):
        MAPPING.principal(GOOD | {"hospital": value})


def test_names_of_200_letters_that_differ_are_two_institutions() -> None:
    one, other = (MAPPING.principal(GOOD | {"hospital": "h" * 199 + last}) for last in "12")
    assert one.institution != other.institution


def test_a_name_that_cannot_be_shown_is_skipped() -> None:
    def shown(**names: str) -> Principal:
        return MAPPING.principal(GOOD | names)

    assert shown(name="Ada\u202e", preferred_username="ada").name == "ada"
    assert shown(name="Ada ").name == "u-1"


def test_a_missing_claim_is_told_from_a_wrong_one() -> None:
    with pytest.raises(UnknownRole):
        MAPPING.principal({**GOOD, "roles": None})
    with pytest.raises(UnknownInstitution):
        MAPPING.principal({**GOOD, "hospital": None})

"""Settings of authentication: accepted logins, trusted addresses, and rate limits."""

from ipaddress import ip_address
from typing import Annotated, Any, Final, Self
from urllib.parse import urlsplit

from limits import parse
from pydantic import AfterValidator, BeforeValidator, NonNegativeInt, PositiveInt, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode

from gateway.permissions import Role
from gateway.settings.environment import FROM_ENVIRONMENT
from gateway.text_rule import checked_name

MIB = 2**20
ASYMMETRIC: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
)


def is_loopback(host: str) -> bool:
    """Whether the host is a loopback address or `localhost`."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _split(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _only_asymmetric(names: tuple[str, ...]) -> tuple[str, ...]:
    # RFC 8725 2.1: with HS256 in the list, a token signed with the provider's public key as secret would be accepted.
    if not names or (refused := set(names) - ASYMMETRIC):
        raise ValueError(f"asymmetric algorithms only, of {', '.join(sorted(ASYMMETRIC))}; not {sorted(refused)}")
    return names


def https_or_loopback(url: str) -> str:
    """The same URL; raises ValueError for http to another machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise ValueError("https only; http is for a loopback address")
    return url


def _rate(text: str) -> str:
    parse(text)
    return text


CommaSeparated = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Url = Annotated[str, AfterValidator(https_or_loopback)]
RateLimitText = Annotated[str, AfterValidator(_rate)]


class AuthSettings(BaseSettings):
    """The settings of authentication; the environment variable is `TURNSTILE_<NAME>`."""

    model_config = FROM_ENVIRONMENT

    institution: Annotated[str, AfterValidator(checked_name)] = "local"
    """Institution of principals whose login names none: the local admin, and users without an institution claim. One
    line of 1 to 200 visible characters."""
    local_admin: bool = True
    """On a loopback address and without OIDC, accept a request without credentials as the local admin."""
    public_url: Url | None = None
    """The service's address in browsers: https://turnstile.example.org. By default the Host header. Sign-in at an
    identity provider redirects to this address alone, and needs it unless the browser is on the same machine."""
    trusted_proxies: CommaSeparated = ()
    """Addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are trusted, comma-separated."""
    allowed_origins: CommaSeparated = ()
    """Origins of other web pages that may call the API with a token (CORS), comma-separated."""

    oidc_issuer: Url | None = None
    """Issuer of the OpenID Connect provider, as in its discovery document. Without it only API tokens are accepted."""
    oidc_name: str = "the hospital's login"
    """Name of the provider on the sign-in page."""
    oidc_client_id: str | None = None
    """Client id of this service at the provider."""
    oidc_client_secret: SecretStr | None = None
    """Client secret, for a confidential client; PKCE is used with and without it."""
    oidc_audience: str | None = None
    """Required audience of bearer tokens; by default the client id."""
    oidc_clients: CommaSeparated = ()
    """Further clients of the provider whose bearer tokens are accepted, by their claims azp and client_id,
    comma-separated. Tokens of the own client, and such that name none, are always accepted."""
    oidc_scopes: CommaSeparated = ("openid", "profile")
    """Scopes to request from the provider, comma-separated."""
    oidc_algorithms: Annotated[CommaSeparated, AfterValidator(_only_asymmetric)] = ("RS256", "PS256", "ES256", "EdDSA")
    """Accepted signature algorithms, comma-separated; asymmetric ones only."""
    oidc_leeway_s: NonNegativeInt = 60
    """Accepted difference between the provider's clock and ours, in seconds."""
    oidc_role_claim: str = "roles"
    """Claim with the role or a list of roles; dots separate nested names: realm_access.roles."""
    oidc_roles: dict[str, Role] = {}
    """The provider's names of the roles, as JSON: {"ct-readers": "radiologist"}. By default Turnstile's own names."""
    oidc_institution_claim: str | None = None
    """Claim with the institution; a login without it is refused. By default all users have `TURNSTILE_INSTITUTION`."""

    session_idle_s: PositiveInt = 1800
    """Seconds without a request after which a browser session ends."""
    session_absolute_s: PositiveInt = 12 * 3600
    """Seconds after which a browser session ends in any case."""
    sign_in_rate: RateLimitText = "30 per minute"
    """Rate limit of refused tokens from one address, and of sign-ins of one principal. Valid tokens always pass."""
    account_rate: RateLimitText = "10 per minute"
    """Rate limit of refused tokens that name one account, an API token's id, from all addresses."""
    refusal_rate: RateLimitText = "60 per minute"
    """Rate limit of audit events about ended sessions and logins without a role, from one address; further ones get
    the same answer and leave no event."""
    login_start_rate: RateLimitText = "300 per minute"
    """Rate limit of logins that one address starts at the identity provider."""
    not_found_rate: RateLimitText = "120 per minute"
    """Rate limit of one principal's calls for records that its institution does not have; each is an audit event."""
    list_rate: RateLimitText = "600 per minute"
    """Rate limit of lists, and of calls without permission, of one principal; each writes an audit event."""
    upload_rate: RateLimitText = "240 per minute"
    """Rate limit of uploads of one principal from one address."""
    json_body_bytes: PositiveInt = MIB
    """Largest request body in bytes, except for uploads."""

    @model_validator(mode="after")
    def _oidc_needs_a_client_id(self) -> Self:
        if self.oidc_issuer and not self.oidc_client_id:
            raise ValueError("oidc_issuer needs oidc_client_id")
        return self

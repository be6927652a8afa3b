"""The knobs of the door: who may come in, from where, and how often."""

from ipaddress import ip_address
from typing import Annotated, Any, Final, Self
from urllib.parse import urlsplit

from limits import parse
from pydantic import AfterValidator, BeforeValidator, Field, NonNegativeInt, PositiveInt, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from gateway.permissions import Role

MIB = 2**20
ASYMMETRIC: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
)


def is_loopback(host: str) -> bool:
    """Whether the name or address is this machine's own, and reached from nowhere else."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _split(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _signed_by_a_key_pair(names: tuple[str, ...]) -> tuple[str, ...]:
    # RFC 8725 2.1: with HS256 in the list, the provider's public key would do as a secret.
    if not names or (odd := set(names) - ASYMMETRIC):
        raise ValueError(f"asymmetric algorithms only, of {', '.join(sorted(ASYMMETRIC))}; not {sorted(odd)}")
    return names


def https_or_loopback(url: str) -> str:
    """The same URL; raises ValueError for http to another machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise ValueError("https only; http is for a loopback address")
    return url


def _rate(words: str) -> str:
    parse(words)
    return words


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Url = Annotated[str, AfterValidator(https_or_loopback)]
RateLimit = Annotated[str, AfterValidator(_rate)]


class AuthSettings(BaseSettings):
    """Set any of these as `TURNSTILE_<NAME>`."""

    model_config = SettingsConfigDict(
        env_prefix="TURNSTILE_", extra="ignore", frozen=True, use_attribute_docstrings=True, protected_namespaces=()
    )

    institution: Annotated[str, Field(min_length=1)] = "local"
    """Institution of those whose login names none: the local admin, and people without an institution claim."""
    local_admin: bool = True
    """On a loopback address and without OIDC, take a request without credentials for the local admin's."""
    public_url: Url | None = None
    """Address that browsers see, behind a proxy: https://turnstile.example.org. By default as the request has it."""
    trusted_proxies: Words = ()
    """Addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, comma-separated."""
    allowed_origins: Words = ()
    """Origins of other web pages that may call the API with a token (CORS), comma-separated."""

    oidc_issuer: Url | None = None
    """Issuer of the OpenID Connect provider, as its discovery document has it. Without it there are tokens only."""
    oidc_name: str = "the hospital's login"
    """What the sign-in page calls the provider."""
    oidc_client_id: str | None = None
    """This service's name at the provider."""
    oidc_client_secret: SecretStr | None = None
    """Its secret, where the provider gave one; PKCE is used with and without."""
    oidc_audience: str | None = None
    """Audience that a bearer token of the API must name; by default the client id."""
    oidc_scopes: Words = ("openid", "profile")
    """Scopes to ask the provider for, comma-separated."""
    oidc_algorithms: Annotated[Words, AfterValidator(_signed_by_a_key_pair)] = ("RS256", "PS256", "ES256", "EdDSA")
    """Signatures that are believed, comma-separated; asymmetric ones only."""
    oidc_leeway_s: NonNegativeInt = 60
    """Seconds that the provider's clock may be off."""
    oidc_role_claim: str = "roles"
    """Claim that holds the role, or a list of them; dots go deeper: realm_access.roles."""
    oidc_roles: dict[str, Role] = {}
    """The provider's names for the roles, as JSON: {"ct-readers": "radiologist"}. By default our own names."""
    oidc_institution_claim: str | None = None
    """Claim that holds the institution; who has none is refused."""

    session_idle_s: PositiveInt = 1800
    """Seconds without a request after which a browser's session ends."""
    session_absolute_s: PositiveInt = 12 * 3600
    """Seconds after which a browser's session ends however busy it is."""
    sign_in_rate: RateLimit = "30 per minute"
    """Sign-ins and refused credentials from one address, before it has to wait."""
    upload_rate: RateLimit = "240 per minute"
    """Uploads of one asker from one address, before it has to wait."""
    json_body_bytes: PositiveInt = MIB
    """Bytes of a request's body, but for uploads."""

    @model_validator(mode="after")
    def _a_provider_knows_us(self) -> Self:
        if self.oidc_issuer and not self.oidc_client_id:
            raise ValueError("oidc_issuer needs oidc_client_id")
        return self

"""The credentials and the origin of a request, and the cookies of the page."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from gateway.errors import ForeignOrigin, NoPublicUrl
from gateway.http.host_header import host_name
from gateway.http.request_id import request_id
from gateway.principal import RequestContext
from gateway.settings.auth import is_loopback

# Headers by which a proxy tells of the client, the host or the address that it was asked for.
PROXY_HEADERS: Final = frozenset(
    {
        "cf-connecting-ip",
        "client-ip",
        "fastly-client-ip",
        "forwarded",
        "true-client-ip",
        "via",
        "x-client-ip",
        "x-cluster-client-ip",
        "x-host",
        "x-http-host-override",
        "x-original-host",
        "x-original-url",
        "x-proxyuser-ip",
        "x-real-ip",
        "x-remote-addr",
        "x-remote-ip",
        "x-rewrite-url",
    }
)
PROXY_PREFIXES: Final = ("x-forwarded", "x-envoy-", "x-original-forwarded")
SESSION_COOKIE: Final = "turnstile"
STATE_COOKIE: Final = "turnstile_sign_in"


@dataclass(frozen=True)
class RequestCredentials:
    """Credentials of a request, and the headers that say which page and host sent it.

    `origin` is the browser's Origin header, `own_origin` the origin of our own page; `forwarded` tells of a proxy.
    """

    method: str
    host: str
    own_origin: str
    authorization: str | None = None
    session: str | None = None
    origin: str | None = None
    fetch_site: str | None = None
    forwarded: bool = False

    @property
    def has_credential(self) -> bool:
        """Whether the request carries a token or a session cookie."""
        return self.authorization is not None or self.session is not None


def refuse_cross_site(credentials: RequestCredentials) -> None:
    """Raise ForeignOrigin when Origin or Sec-Fetch-Site names a page of another origin."""
    own_or_absent = credentials.origin in (None, credentials.own_origin)
    if not own_or_absent or credentials.fetch_site not in (None, "same-origin", "none"):
        raise ForeignOrigin("another web page sent this request")


def credentials_of(request: Request) -> RequestCredentials:
    """The credentials of a request."""
    headers = request.headers
    return RequestCredentials(
        method=request.method,
        host=_only(headers.getlist("host")),
        own_origin=own_origin(request),
        authorization=headers.get("authorization"),
        session=request.cookies.get(cookie_name(request, SESSION_COOKIE)),
        origin=headers.get("origin"),
        fetch_site=headers.get("sec-fetch-site"),
        forwarded=any(map(is_proxy_header, headers.keys())),
    )


def is_proxy_header(name: str) -> bool:
    """Whether a proxy wrote this header; some programs read `_` in a name as `-`, so both count."""
    name = name.lower().replace("_", "-")
    return name in PROXY_HEADERS or name.startswith(PROXY_PREFIXES)


def request_context(request: Request) -> RequestContext:
    """The address and the id of a request, for the audit log."""
    return RequestContext(request.client.host if request.client else "", request_id())


def own_origin(request: Request) -> str:
    """The origin of our own page, as a browser sends it."""
    public = request.app.state.authentication.public_url
    if public is not None:
        parts = urlsplit(public)
        return f"{parts.scheme}://{parts.netloc}"
    return f"{request.scope['scheme']}://{request.headers.get('host', '')}"


def redirect_origin(request: Request) -> str:
    """The origin that a browser is sent back to: the public URL of the settings; raises NoPublicUrl without one.

    Any client may choose the Host header. It counts only where it names this machine itself.
    """
    host = host_name(request.headers.get("host", "")) or ""
    if request.app.state.authentication.public_url is None and not is_loopback(host):
        raise NoPublicUrl("sign-in at the identity provider needs this service's address: set TURNSTILE_PUBLIC_URL")
    return own_origin(request)


def cookie_name(request: Request, name: str) -> str:
    """The cookie's name; over https with the prefix __Host-, which binds it to this host (RFC 6265bis 4.1.3.2)."""
    return f"__Host-{name}" if _is_https(request) else name


def set_cookie(request: Request, response: Response, name: str, value: str, *, cross_site: bool) -> None:
    """Set a session cookie (until the browser closes), SameSite=Strict; Lax with `cross_site`."""
    response.set_cookie(
        cookie_name(request, name),
        value,
        path="/",
        httponly=True,
        secure=_is_https(request),
        samesite="lax" if cross_site else "strict",
    )


def delete_cookie(request: Request, response: Response, name: str) -> None:
    """Delete the cookie in the browser."""
    response.delete_cookie(cookie_name(request, name), path="/", httponly=True, secure=_is_https(request))


def _only(values: list[str]) -> str:
    """The value of a header that was sent once; empty otherwise."""
    return values[0] if len(values) == 1 else ""


def _is_https(request: Request) -> bool:
    return own_origin(request).startswith("https:")

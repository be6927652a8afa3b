"""A request over HTTP -> what it shows at the door, and the cookies that a browser brings and takes."""

from typing import Final
from urllib.parse import urlsplit

from fastapi import Request, Response

from gateway.auth.authentication import Entrance
from gateway.auth.authenticator import Knock
from gateway.http.request_id import request_id
from gateway.principal import RequestFacts

FORWARDING: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
SESSION: Final = "turnstile"
STATE: Final = "turnstile_sign_in"


def entrance_of(request: Request) -> Entrance:
    """The entrance that the composition root put up."""
    entrance: Entrance = request.app.state.entrance
    return entrance


def knock_of(request: Request) -> Knock:
    """What the request shows of its sender."""
    headers = request.headers
    return Knock(
        method=request.method,
        host=headers.get("host", ""),
        own=own_origin(request),
        authorization=headers.get("authorization"),
        session=request.cookies.get(cookie(request, SESSION)),
        origin=headers.get("origin"),
        fetch_site=headers.get("sec-fetch-site"),
        forwarded=any(name in headers for name in FORWARDING),
    )


def facts_of(request: Request) -> RequestFacts:
    """From where and under which id, for the audit."""
    return RequestFacts(request.client.host if request.client else "", request_id())


def own_origin(request: Request) -> str:
    """The origin of our own pages, as browsers spell it."""
    public = entrance_of(request).settings.public_url
    if public is not None:
        parts = urlsplit(public)
        return f"{parts.scheme}://{parts.netloc}"
    return f"{request.scope['scheme']}://{request.headers.get('host', '')}"


def cookie(request: Request, name: str) -> str:
    """Over https the browser itself holds the cookie to this host, whole and secure (RFC 6265bis, __Host-)."""
    return f"__Host-{name}" if _is_https(request) else name


def set_cookie(request: Request, response: Response, name: str, value: str, *, from_elsewhere: bool) -> None:
    """A cookie until the browser closes; `from_elsewhere` when it must come along on a link from another site."""
    response.set_cookie(
        cookie(request, name),
        value,
        path="/",
        httponly=True,
        secure=_is_https(request),
        samesite="lax" if from_elsewhere else "strict",
    )


def forget_cookie(request: Request, response: Response, name: str) -> None:
    """Have the browser drop the cookie."""
    response.delete_cookie(cookie(request, name), path="/", httponly=True, secure=_is_https(request))


def _is_https(request: Request) -> bool:
    return own_origin(request).startswith("https:")

"""Security of all requests and responses: limits of bodies, security headers, CORS, trusted proxies."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from gateway.http.body_drain import BodyDrain
from gateway.http.body_timeouts import BodyTimeLimit, BodyTimeouts
from gateway.settings.auth import AuthSettings

# Calls that take a study; they limit their bodies themselves while they stream them. STOW-RS may name the study.
UPLOAD: Final = re.compile(r"/inference/predict|/api/scans|/api/scans/bulk|/dicom-web/studies(/[0-9.]+)?/?")
TOO_LONG: Final = "the body of this request is longer than {} bytes"

POLICY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "default-src": "'self'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' blob: data:",  # pictures of /docs; no code
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "object-src": "'none'",
    }
)
HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",  # URLs hold the ids of patients
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
)
HSTS: Final = "max-age=31536000; includeSubDomains"
PAGE_FILES: Final = ("/assets/",)  # files of the page; they hold no record


def add_security_headers(app: FastAPI, settings: AuthSettings, timeouts: BodyTimeouts) -> None:
    """Add the limits of bodies, the body drain, the security headers, and CORS where origins are allowed."""
    app.add_middleware(SecurityHeaders, json_bytes=settings.json_body_bytes)
    app.add_middleware(BodyDrain)  # outside: it drains the body that the middleware above refuses
    app.add_middleware(BodyTimeLimit, timeouts=timeouts)  # outside: a body that has stalled is not drained
    if settings.allowed_origins:
        # Tokens only: CORS without credentials, so that no other page can use a browser's session.
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.allowed_origins,
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=[
                "Authorization",
                "Content-Type",
                "Idempotency-Key",
                "If-Match",
                "If-None-Match",
                "Prefer",
                "Range",
            ],
            expose_headers=[
                "ETag",
                "Location",
                "Preference-Applied",
                "Retry-After",
                "X-Client-Request-ID",
                "X-Request-ID",
                "X-Shape",
            ],
        )


def trust_proxies(app: FastAPI, settings: AuthSettings) -> None:
    """Take the client's address and scheme from the headers of trusted proxies. Add this middleware last: outermost."""
    if settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.trusted_proxies))


class SecurityHeaders:
    """ASGI middleware: security headers, and a limit of `json_bytes` for all bodies except uploads."""

    def __init__(self, app: ASGIApp, json_bytes: int) -> None:
        self._app = app
        self._json_bytes = json_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _set_headers(MutableHeaders(scope=message), scope)
            await send(message)

        await self._app(scope, self._limit_body(scope, receive), send_with_headers)

    def _limit_body(self, scope: Scope, receive: Receive) -> Receive:
        """`receive`, which raises HTTPException 413 when the body is longer than the limit."""
        if scope["method"] == "POST" and UPLOAD.fullmatch(scope["path"]):
            return receive
        limit, read = self._json_bytes, 0
        declared = Headers(scope=scope).get("content-length", "")
        known_too_long = declared.isdecimal() and int(declared) > limit

        async def receive_limited() -> Message:
            nonlocal read
            message = {"type": "http.request"} if known_too_long else await receive()
            read += len(message.get("body", b""))
            if known_too_long or read > limit:
                raise HTTPException(413, TOO_LONG.format(limit))
            return message

        return receive_limited


def content_security_policy(style_nonce: str | None = None) -> str:
    """The policy; with a nonce, `<style>` elements that carry it are allowed, and no others."""
    policy = dict(POLICY)
    if style_nonce is not None:
        policy["style-src"] += f" 'nonce-{style_nonce}'"
    return "; ".join(f"{name} {value}" for name, value in policy.items())


# Of every response; files of the page may be cached, all others hold patient data.
ALL_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {**HEADERS, "Content-Security-Policy": content_security_policy(), "Cache-Control": "no-store"}
)


def _set_headers(headers: MutableHeaders, scope: Scope) -> None:
    for name, value in ALL_HEADERS.items():
        if name != "Cache-Control" or not scope["path"].startswith(PAGE_FILES):
            headers.setdefault(name, value)
    if scope["scheme"] == "https":
        headers.setdefault("Strict-Transport-Security", HSTS)

"""What holds for every request and answer: how long a body may be, and what browsers may do with an answer."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from gateway.http.body_drain import Lingering
from gateway.settings.auth import AuthSettings

# Calls that take a study; they count their own bodies, while they stream them to disk.
UPLOADS: Final = frozenset({"/inference/predict", "/api/scans", "/api/scans/", "/api/scans/bulk"})
TOO_LONG: Final = "the body of this call is longer than {} bytes"

POLICY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "default-src": "'self'",
        "script-src": "'self' 'wasm-unsafe-eval'",  # the viewer decodes volumes in WebAssembly
        "style-src": "'self' 'unsafe-inline'",  # the page's library writes its theme as a <style>
        "img-src": "'self' blob: data:",
        "font-src": "'self' data:",
        "connect-src": "'self' blob: data:",
        "worker-src": "'self' blob:",  # the viewer starts its workers from a blob
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "object-src": "'none'",
    }
)
# FastAPI's page comes from a CDN and holds its script inline; it shows the description of the calls and no record.
DOCS: Final = frozenset({"/docs", "/redoc"})
CDN: Final = "https://cdn.jsdelivr.net"
DOCS_POLICY: Final = dict(POLICY) | {
    "script-src": f"'self' 'unsafe-inline' {CDN}",
    "style-src": f"'self' 'unsafe-inline' {CDN}",
    "img-src": "'self' data: https://fastapi.tiangolo.com",
}
HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",  # addresses hold the ids of patients
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
)
HSTS: Final = "max-age=31536000"
PAGE_PARTS: Final = ("/assets/",)  # of the page, without a record in them


def secure(app: FastAPI, settings: AuthSettings) -> None:
    """Bound every body, let a refusal reach who still sends one, and say what browsers may do with the answers."""
    app.add_middleware(Security, json_bytes=settings.json_body_bytes)
    app.add_middleware(Lingering)  # outside, for it reads on where the one above says that a body is too long
    if settings.allowed_origins:
        # Tokens only: without credentials in CORS no other page gets a browser's session to speak for it.
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.allowed_origins,
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Range"],
            expose_headers=["ETag", "Location", "Retry-After", "X-Request-ID", "X-Shape"],
        )


def believe_proxies(app: FastAPI, settings: AuthSettings) -> None:
    """Take the client's address and scheme from those proxies that are trusted; the outermost of all layers."""
    if settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.trusted_proxies))


class Security:
    """ASGI middleware. `json_bytes` bounds every body but an upload's."""

    def __init__(self, app: ASGIApp, json_bytes: int) -> None:
        self._app = app
        self._json_bytes = json_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                _guard(MutableHeaders(scope=message), scope)
            await send(message)

        await self._app(scope, self._bounded(scope, receive), send_guarded)

    def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        """The body, until it grows too long: then the call that reads it answers 413."""
        if scope["method"] == "POST" and scope["path"] in UPLOADS:
            return receive
        limit, read = self._json_bytes, 0
        declared = Headers(scope=scope).get("content-length", "")
        known_too_long = declared.isdecimal() and int(declared) > limit

        async def receive_bounded() -> Message:
            nonlocal read
            message = {"type": "http.request"} if known_too_long else await receive()
            read += len(message.get("body", b""))
            if known_too_long or read > limit:
                raise HTTPException(413, TOO_LONG.format(limit))
            return message

        return receive_bounded


def _guard(headers: MutableHeaders, scope: Scope) -> None:
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    policy = DOCS_POLICY if scope["path"] in DOCS else POLICY
    headers.setdefault("Content-Security-Policy", "; ".join(f"{name} {value}" for name, value in policy.items()))
    if not scope["path"].startswith(PAGE_PARTS):
        headers.setdefault("Cache-Control", "no-store")  # what a call tells of patients stays in no cache by accident
    if scope["scheme"] == "https":
        headers.setdefault("Strict-Transport-Security", HSTS)

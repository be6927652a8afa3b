"""Other forms of a call that get its answer: HEAD instead of GET, and a path of the API with a slash at its end.

HEAD is answered as GET without the body (RFC 9110 9.3.2); the server drops the body. FastAPI alone answers HEAD with
405, and a slash with a redirect, which many clients do not follow for POST.
"""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

API: Final = ("/api/", "/auth/", "/dicom-web/", "/inference/")
# The file has an answer of its own to HEAD, without reading the file; the events have no end that HEAD could wait for.
NOT_AS_GET: Final = ("/file", "/analysis/events")


class RequestAliases:
    """ASGI middleware: passes such requests on as the call that they mean."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = _without_slash(scope["path"])
            method = "GET" if scope["method"] == "HEAD" and not path.endswith(NOT_AS_GET) else scope["method"]
            scope = {**scope, "path": path, "method": method}  # a copy: by its own scope the server drops the body
        await self._app(scope, receive, send)


def _without_slash(path: str) -> str:
    return path.removesuffix("/") if path.startswith(API) else path

"""The page: what `web/` was built into, served beside the API, so that one address does for both.

Every address that is no call's answers with the page, whose router knows it: links into it and reloads work. Files
whose names hold their hash may be kept for ever; the rest is asked for again each time, and answered with 304.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.convertors import PathConvertor, register_url_convertor
from starlette.exceptions import HTTPException

PAGE: Final = Path(__file__).resolve().parent.parent / "static"  # where `web/build.py` puts it
HASHED: Final = "assets/"
FOR_EVER: Final = "public, max-age=31536000, immutable"
EACH_TIME: Final = "no-cache"
ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))  # the smaller first
TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
}
NOT_BUILT: Final = "the page is not built; `python3 web/build.py` builds it, and the API works without"


class PageAddress(PathConvertor):
    """Any address but those below a call's: there, what is no call is a mistake, not a page."""

    regex = "(?!(?:api|auth|inference)/).*"


register_url_convertor("page", PageAddress())


@dataclass(frozen=True)
class Part:
    """One file of the page as it was at the start, and its packed copies by their encoding."""

    content: bytes
    kind: str
    cache: str
    etag: str
    packed: Mapping[str, bytes]


def page_router(folder: Path) -> APIRouter:
    """Everything that no other router took: it must be the last one."""
    router = APIRouter(include_in_schema=False)
    parts = _parts(folder)

    @router.api_route("/{path:page}", methods=["GET", "HEAD"])
    async def page(request: Request, path: str) -> Response:
        part = parts.get(path)
        if part is None and "." in path.rpartition("/")[2]:
            raise HTTPException(404, "there is nothing at this address")
        part = part or parts.get("index.html")
        if part is None:
            raise HTTPException(404, NOT_BUILT)
        return _answer(part, request)

    return router


def _answer(part: Part, request: Request) -> Response:
    headers = {"Cache-Control": part.cache, "ETag": part.etag, "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == part.etag:
        return Response(status_code=304, headers=headers)
    accepted = {one.partition(";")[0].strip() for one in request.headers.get("accept-encoding", "").split(",")}
    encoding = next((name for name, _ in ENCODINGS if name in accepted and name in part.packed), None)
    if encoding is None:
        return Response(part.content, headers=headers, media_type=part.kind)
    return Response(part.packed[encoding], headers={**headers, "Content-Encoding": encoding}, media_type=part.kind)


def _parts(folder: Path) -> Mapping[str, Part]:
    """Every file below the folder by its address; only these are ever served, whatever an address says.

    They are held in memory, 3 MB: a page that is built anew beneath a running gateway breaks nobody's old one.
    """
    suffixes = tuple(suffix for _, suffix in ENCODINGS)
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix not in suffixes]
    return {path.relative_to(folder).as_posix(): _part(path, folder) for path in files}


def _part(path: Path, folder: Path) -> Part:
    hashed = path.relative_to(folder).as_posix().startswith(HASHED)
    content = path.read_bytes()
    copies = {name: path.with_name(path.name + suffix) for name, suffix in ENCODINGS}
    return Part(
        content,
        TYPES.get(path.suffix, "application/octet-stream"),
        FOR_EVER if hashed else EACH_TIME,
        f'"{sha256(content).hexdigest()[:32]}"',
        {name: copy.read_bytes() for name, copy in copies.items() if copy.is_file()},
    )

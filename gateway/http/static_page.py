"""Serves the built page of `web/` at the same address as the API.

/docs returns docs.html. Each other path that is no API call returns index.html; the page's own router reads the path,
so links and reloads work. Files with a hash in their name are cached without end; all others are revalidated each time
(304), except a page with a nonce for its styles, which is new in each answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from secrets import token_urlsafe
from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.convertors import PathConvertor, register_url_convertor
from starlette.exceptions import HTTPException

from gateway.http.security_headers import content_security_policy

PAGE_FOLDER: Final = Path(__file__).resolve().parent.parent / "static"  # where `web/build.py` puts it
HASHED_FOLDER: Final = "assets/"
IMMUTABLE: Final = "public, max-age=31536000, immutable"
REVALIDATE: Final = "no-cache"
ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))  # the smallest first
TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml; charset=utf-8",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
}
STYLE_NONCE: Final = b"{{style-nonce}}"
NOT_BUILT: Final = "the page is not built; build it with `python3 web/build.py`. The API works without it"


class PagePath(PathConvertor):
    """Any path outside /api, /auth and /inference; below these, an unknown path is an error."""

    regex = "(?!(?:api|auth|inference)/).*"


register_url_convertor("page", PagePath())


@dataclass(frozen=True)
class PageFile:
    """One file of the page as it was at start, and its compressed copies by encoding."""

    content: bytes
    media_type: str
    cache: str
    etag: str
    compressed: Mapping[str, bytes]


def page_router(folder: Path) -> APIRouter:
    """The router of all remaining paths; include it last."""
    router = APIRouter(include_in_schema=False)
    files = _files(folder)

    @router.api_route("/{path:page}", methods=["GET", "HEAD"])
    async def page(request: Request, path: str) -> Response:
        file = files.get(path)
        if file is None and "." in path.rpartition("/")[2]:
            raise HTTPException(404, "there is no such file")
        file = file or files.get(f"{path}.html") or files.get("index.html")
        if file is None:
            raise HTTPException(404, NOT_BUILT)
        return _response(file, request)

    return router


def _response(file: PageFile, request: Request) -> Response:
    if STYLE_NONCE in file.content:
        return _with_nonce(file)
    headers = {"Cache-Control": file.cache, "ETag": file.etag, "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    accepted = {item.partition(";")[0].strip() for item in request.headers.get("accept-encoding", "").split(",")}
    encoding = next((name for name, _ in ENCODINGS if name in accepted and name in file.compressed), None)
    if encoding is None:
        return Response(file.content, headers=headers, media_type=file.media_type)
    return Response(
        file.compressed[encoding], headers={**headers, "Content-Encoding": encoding}, media_type=file.media_type
    )


def _with_nonce(file: PageFile) -> Response:
    nonce = token_urlsafe(16)
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": content_security_policy(nonce)}
    return Response(file.content.replace(STYLE_NONCE, nonce.encode()), headers=headers, media_type=file.media_type)


def _files(folder: Path) -> Mapping[str, PageFile]:
    """All files below the folder by their path; no other file is served.

    They stay in memory (3 MB), so that a rebuild of the page does not affect a running gateway.
    """
    suffixes = tuple(suffix for _, suffix in ENCODINGS)
    paths = [path for path in folder.rglob("*") if path.is_file() and path.suffix not in suffixes]
    return {path.relative_to(folder).as_posix(): _file(path, folder) for path in paths}


def _file(path: Path, folder: Path) -> PageFile:
    hashed = path.relative_to(folder).as_posix().startswith(HASHED_FOLDER)
    content = path.read_bytes()
    copies = {name: path.with_name(path.name + suffix) for name, suffix in ENCODINGS}
    return PageFile(
        content,
        TYPES.get(path.suffix, "application/octet-stream"),
        IMMUTABLE if hashed else REVALIDATE,
        f'"{sha256(content).hexdigest()[:32]}"',
        {name: copy.read_bytes() for name, copy in copies.items() if copy.is_file()},
    )

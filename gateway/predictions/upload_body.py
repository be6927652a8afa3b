"""The body of a request -> files in a scratch folder, gone when the request is.

Takes multipart/form-data (every part named `file`) and a bare body, which is one upload.
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from starlette.requests import Request

from gateway.http.multipart import body, is_multipart, parts, plain_name
from gateway.screening.pipeline import Upload
from screening.errors import EmptyUpload, OverBudget

FIELD: Final = "file"
MOST_FILES: Final = 256


@asynccontextmanager
async def received(request: Request, folder: Path | None, limit_bytes: int) -> AsyncIterator[tuple[Upload, ...]]:
    """The uploads of a request; raises OverBudget once the body passes `limit_bytes`, EmptyUpload without a file."""
    scratch = Path(mkdtemp(prefix="turnstile-", dir=folder))
    try:
        yield tuple([upload async for upload in _received(request, scratch, limit_bytes)]) or _nothing()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


async def _received(request: Request, scratch: Path, limit_bytes: int) -> AsyncIterator[Upload]:
    if not is_multipart(request):
        upload = await _written(body(request, limit_bytes), scratch, 0, "upload")
        if upload.path.stat().st_size:
            yield upload
        return
    number = 0
    async for part in parts(request, limit_bytes):
        if part.name != FIELD:
            continue
        if number == MOST_FILES:
            raise OverBudget(f"the request holds more than {MOST_FILES} files; send them in several requests")
        yield await _written(part.chunks, scratch, number, plain_name(part.file_name))
        number += 1


async def _written(chunks: AsyncIterator[bytes], scratch: Path, number: int, name: str) -> Upload:
    """Write one upload under a neutral name."""
    upload = Upload(scratch / f"upload-{number}", name, scratch / f"work-{number}")
    upload.scratch.mkdir()
    with upload.path.open("wb") as file:
        async for chunk in chunks:
            file.write(chunk)
    return upload


def _nothing() -> tuple[Upload, ...]:
    raise EmptyUpload("send the study as a multipart field named 'file', or as the body itself")

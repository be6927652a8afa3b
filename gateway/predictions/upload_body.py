"""The body of a request as uploads in a scratch folder, which is deleted when the request ends.

Takes multipart/form-data (every part named `file`) and a bare body, which is one upload.
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from starlette.requests import Request

from gateway.http.multipart import body, is_multipart, parts, safe_file_name
from gateway.screening.pipeline import Upload
from screening.errors import EmptyUpload, OverBudget

FIELD: Final = "file"
MAX_FILES: Final = 256


@asynccontextmanager
async def received_uploads(
    request: Request, folder: Path | None, limit_bytes: int
) -> AsyncIterator[tuple[Upload, ...]]:
    """The uploads of a request; raises OverBudget once the body passes `limit_bytes`, EmptyUpload without a file."""
    scratch = Path(mkdtemp(dir=folder))
    try:
        yield tuple([upload async for upload in _read_uploads(request, scratch, limit_bytes)]) or _raise_empty_upload()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


async def _read_uploads(request: Request, scratch: Path, limit_bytes: int) -> AsyncIterator[Upload]:
    if not is_multipart(request):
        upload = await _write_upload(body(request, limit_bytes), scratch, 0, "upload")
        if upload.path.stat().st_size:
            yield upload
        return
    number = 0
    async for part in parts(request, limit_bytes):
        if part.name != FIELD:
            continue
        if number == MAX_FILES:
            raise OverBudget(f"the request holds more than {MAX_FILES} files; send them in several requests")
        yield await _write_upload(part.chunks, scratch, number, safe_file_name(part.file_name))
        number += 1


async def _write_upload(chunks: AsyncIterator[bytes], scratch: Path, number: int, name: str) -> Upload:
    """Write one upload under a name that the client does not choose."""
    upload = Upload(scratch / f"upload-{number}", name, scratch / f"work-{number}")
    upload.scratch.mkdir()
    with upload.path.open("wb") as file:
        async for chunk in chunks:
            file.write(chunk)
    return upload


def _raise_empty_upload() -> tuple[Upload, ...]:
    raise EmptyUpload("send the study as a multipart field named 'file', or as the body itself")

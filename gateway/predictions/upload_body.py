"""The body of a request as uploads in a scratch folder, which is deleted when the request ends.

Takes multipart/form-data (every part named `file`), multipart/related (every part) and a bare body, which is one
upload. A part that is an archive or NIfTI is an upload. Parts that are DICOM files are one upload together, for clients
send a study slice by slice; so are all parts of multipart/related.
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from starlette.requests import Request

from gateway.http.multipart import MAX_FILES, Part, body, is_multipart, is_related, parts, safe_file_name
from gateway.screening.pipeline import Upload
from screening.errors import EmptyUpload, OverBudget
from screening.intake.budgets import Budgets
from screening.intake.file_signature import FIRST_BYTES, may_be_slice

FIELD: Final = "file"
MAX_SLICES: Final = Budgets().members


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
    related = is_related(request)
    if not (related or is_multipart(request)):
        upload = await _write_upload(body(request, limit_bytes), scratch, 0, "upload")
        if upload.path.stat().st_size:
            yield upload
        return
    slices: list[Upload] = []
    others = 0
    async for part in _files(request, limit_bytes, related):
        number = len(slices) + others
        upload = await _write_upload(part.chunks, scratch, number, safe_file_name(part.file_name))
        if related or _is_slice(upload.path):
            slices.append(upload)
        else:
            others += 1
            yield upload
        if others > MAX_FILES:
            raise OverBudget(f"the request holds more than {MAX_FILES} files; send them in several requests")
        if len(slices) > MAX_SLICES:
            raise OverBudget(f"the request holds more than {MAX_SLICES} slices; send one study in each request")
    if slices:
        yield _together(slices, scratch)


async def _files(request: Request, limit_bytes: int, related: bool) -> AsyncIterator[Part]:
    async for part in parts(request, limit_bytes):
        if related or part.name == FIELD:
            yield part


def _is_slice(path: Path) -> bool:
    with path.open("rb") as file:
        return may_be_slice(file.read(FIRST_BYTES))


def _together(slices: list[Upload], scratch: Path) -> Upload:
    """One upload of the files: the only one as it is, several in a folder under the name of the first."""
    first = slices[0]
    if len(slices) == 1:
        return first
    folder = scratch / "slices"
    folder.mkdir()
    for one in slices:
        one.path.rename(folder / one.path.name)
    return Upload(folder, f"{first.name} and {len(slices) - 1} more", first.scratch)


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

"""The upload form, with its parts in any order: files are received as they arrive, text fields are checked at once."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeVar
from uuid import UUID

from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from gateway.http.multipart import Part, is_multipart, parts, safe_file_name
from gateway.http.text_validation import MultilineText
from gateway.principal import Principal
from gateway.records.scan_upload import ReceivedFile, ScanUploads
from gateway.records.slice_parts import file_chunks, peek, tar_chunks, write_file
from screening.coded_error import CodedError
from screening.errors import OverBudget
from screening.intake.file_signature import may_be_slice

T = TypeVar("T")

_PATIENT: Final[TypeAdapter[UUID]] = TypeAdapter(UUID)
_DESCRIPTION: Final[TypeAdapter[str]] = TypeAdapter(MultilineText)


@dataclass(frozen=True)
class RefusedFile:
    """A refused file and its error."""

    name: str = field(repr=False)
    error: CodedError


@dataclass
class UploadForm:
    """The received parts of a form. The files exist until the exit stack closes."""

    _uploads: ScanUploads
    _principal: Principal
    _stack: AsyncExitStack
    _scratch: Path
    files: list[ReceivedFile | RefusedFile] = field(default_factory=list)
    description: str | None = None
    _patient_id: UUID | None = None
    _folder: Path | None = None
    _slices: list[tuple[str, Path]] = field(default_factory=list)

    async def read(self, request: Request, limit_bytes: int, most_files: int = 1) -> None:
        """Receive all parts. With several files, a refused one becomes a RefusedFile in `files`.

        Where one file is asked for, several parts that are DICOM files are one: a study sent slice by slice.

        Raises QuotaExceeded before anything is read, NotFound for an unknown patient as soon as `patient_id` is read,
        and RequestValidationError.
        """
        if "idempotency-key" not in request.headers:  # a repeated request gets its first answer, also above the quota
            await self._uploads.check_quota(self._principal)
        if not is_multipart(request):
            raise HTTPException(415, "send multipart/form-data")
        async for part in parts(request, limit_bytes):
            match part.name:
                case "patient_id":
                    self._patient_id = _validated(_PATIENT, "patient_id", (await part.text()).strip())
                    await self._uploads.require_patient(self._principal, self._patient_id)
                case "description":
                    self.description = _validated(_DESCRIPTION, "description", await part.text()) or None
                case "file":
                    await self._receive_part(part, most_files)
        if self._slices:
            self.files.append(await self._receive_slices())
        if not self.files:
            raise _invalid("file", "Field required")

    @property
    def patient_id(self) -> UUID:
        """The patient of the scans; raises RequestValidationError when the form has no `patient_id`."""
        if self._patient_id is None:
            raise _invalid("patient_id", "Field required")
        return self._patient_id

    async def _receive_part(self, part: Part, most_files: int) -> None:
        """Receive one file. Where one scan is made, DICOM files are kept until all of them are there."""
        single, name = most_files == 1, safe_file_name(part.file_name)
        start, chunks = await peek(part.chunks)
        slices = single and may_be_slice(start)
        if len(self.files) + (bool(self._slices) and not slices) >= most_files:
            raise OverBudget(f"send no more than {most_files} file(s) in one request")
        if not slices:
            self.files.append(await self._receive_file(name, chunks, single=single))
            return
        if self._folder is None:
            self._folder = Path(self._stack.enter_context(TemporaryDirectory(dir=self._scratch)))
        path = self._folder / str(len(self._slices))
        await write_file(path, chunks)
        self._slices.append((name, path))

    async def _receive_slices(self) -> ReceivedFile | RefusedFile:
        """One slice as it is, several as one file."""
        (name, path), *more = self._slices
        if not more:
            return await self._receive_file(name, file_chunks(path), single=True)
        tar = tar_chunks((path.stat().st_size, file_chunks(path)) for _, path in self._slices)
        return await self._receive_file(f"{name} and {len(more)} more.tar", tar, single=True)

    async def _receive_file(
        self, name: str, chunks: AsyncIterator[bytes], *, single: bool
    ) -> ReceivedFile | RefusedFile:
        try:
            return await self._stack.enter_async_context(self._uploads.receive(name, chunks))
        except CodedError as error:
            if single or isinstance(error, OverBudget):  # the limit holds for the whole body, and its rest is not read
                raise
            return RefusedFile(name, error)


def _validated(kind: TypeAdapter[T], name: str, text: str) -> T:
    try:
        return kind.validate_python(text)
    except ValidationError as error:
        raise _invalid(name, error.errors()[0]["msg"]) from None


def _invalid(name: str, message: str) -> RequestValidationError:
    return RequestValidationError([{"loc": ("body", name), "msg": message}])

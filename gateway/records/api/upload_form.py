"""The form of an upload, its parts in any order: files are taken in as they arrive, texts are checked at once."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Final, TypeVar
from uuid import UUID

from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from gateway.errors import GatewayError
from gateway.http.multipart import Part, is_multipart, parts, plain_name
from gateway.http.text_validation import Comment
from gateway.principal import Principal
from gateway.records.scan_upload import Arrived, Uploading
from screening.errors import OverBudget, StudyError

T = TypeVar("T")

MOST_FILES: Final = 256
_PATIENT: Final[TypeAdapter[UUID]] = TypeAdapter(UUID)
_DESCRIPTION: Final[TypeAdapter[str]] = TypeAdapter(Comment)


@dataclass(frozen=True)
class Refused:
    """A file that was not taken in, and why."""

    name: str = field(repr=False)
    error: StudyError | GatewayError


@dataclass
class UploadForm:
    """What has arrived of a form; the files stay until the stack that they were put on ends."""

    _uploading: Uploading
    _asking: Principal
    _stack: AsyncExitStack
    files: list[Arrived | Refused] = field(default_factory=list)
    description: str | None = None
    _patient_id: UUID | None = None

    async def read(self, request: Request, limit_bytes: int, most_files: int = 1) -> None:
        """Take all parts in; with several files, one that is refused is told of among them.

        Raises NotFound for a patient who is not there, as soon as that is known, and RequestValidationError.
        """
        if not is_multipart(request):
            raise HTTPException(415, "send multipart/form-data")
        async for part in parts(request, limit_bytes):
            match part.name:
                case "patient_id":
                    self._patient_id = _checked(_PATIENT, "patient_id", (await part.text()).strip())
                    await self._uploading.must_know(self._asking, self._patient_id)
                case "description":
                    self.description = _checked(_DESCRIPTION, "description", await part.text()) or None
                case "file":
                    if len(self.files) == most_files:
                        raise OverBudget(f"send no more than {most_files} file(s) in one request")
                    self.files.append(await self._taken_in(part, alone=most_files == 1))
        if not self.files:
            raise _invalid("file", "Field required")

    @property
    def patient_id(self) -> UUID:
        """Whose scans the files are; raises RequestValidationError when nobody was named."""
        if self._patient_id is None:
            raise _invalid("patient_id", "Field required")
        return self._patient_id

    async def _taken_in(self, part: Part, *, alone: bool) -> Arrived | Refused:
        name = plain_name(part.file_name)
        try:
            return await self._stack.enter_async_context(self._uploading.arrival(name, part.chunks))
        except (StudyError, GatewayError) as error:
            if alone or isinstance(error, OverBudget):  # the limit is on the whole body, which nobody reads any more
                raise
            return Refused(name, error)


def _checked(kind: TypeAdapter[T], name: str, text: str) -> T:
    try:
        return kind.validate_python(text)
    except ValidationError as error:
        raise _invalid(name, error.errors()[0]["msg"]) from None


def _invalid(name: str, words: str) -> RequestValidationError:
    return RequestValidationError([{"loc": ("body", name), "msg": words}])

"""Logs as lines of JSON with the request's id, and without data about patients.

The gateway logs keys and numbers that it chooses: no file name, no identifier, no header value. Logs of libraries
(uvicorn, gRPC, warnings) go through the same processors. An exception is logged by its class and stack frames, without
its message: a library may quote a path or a DICOM header in it.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, ExcInfo, Processor

# At INFO they log every call, part and job.
WARNINGS_ONLY = ("asyncio", "grpc", "httpcore", "httpx", "procrastinate", "psycopg.pool", "python_multipart")
# They quote header values, characters of a name, or queries.
DISABLED = ("pydicom", "pynetdicom", "dicomweb_client", "nibabel", "fpdf")


def configure_logs(level: str, stream: TextIO | None = None) -> None:
    """Send every log of this process to `stream` (standard error by default), one JSON object a line."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(frames_without_message),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(), _drop_foreign_colour],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    _limit_library_loggers()


def frames_without_message(exc_info: ExcInfo) -> str:
    """The classes of an exception and of its causes, with the frames of each and none of their messages."""
    lines: list[str] = []
    error: BaseException | None = exc_info[1]
    while error is not None:
        frames = traceback.extract_tb(error.__traceback__)
        lines += [type(error).__qualname__, *(f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames)]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(lines)


def _limit_library_loggers() -> None:
    for name in WARNINGS_ONLY:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in DISABLED:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    logging.getLogger("uvicorn.access").disabled = True  # the gateway writes its own line for each request


def _drop_foreign_colour(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> EventDict:
    """Uvicorn sends each message twice, the second time in colour."""
    event.pop("color_message", None)
    return event

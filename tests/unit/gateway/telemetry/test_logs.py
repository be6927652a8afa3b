"""One JSON object a line, for the gateway's and libraries' logs, without messages of exceptions."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from gateway.telemetry.logs import configure_logs


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    configure_logs("info", stream)
    yield stream
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_carries_its_request(stream: io.StringIO) -> None:
    structlog.contextvars.bind_contextvars(request_id="abcd1234")
    structlog.get_logger("gateway").info("study screened", verdict="normal")
    (line,) = lines(stream)
    assert (line["event"], line["verdict"], line["request_id"]) == ("study screened", "normal", "abcd1234")
    assert (line["level"], line["logger"]) == ("info", "gateway")


def test_a_line_says_when_it_was_written_in_utc(stream: io.StringIO) -> None:
    structlog.get_logger("gateway").info("study screened")
    (line,) = lines(stream)
    written = datetime.fromisoformat(line["timestamp"])
    assert written.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - written) < timedelta(minutes=5)


@given(st.text())
def test_no_text_makes_a_second_line_or_another_field(text: str) -> None:
    """Log injection: line breaks, quotes and terminal codes of a value stay in the value."""
    root, written = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers, root.level
    configure_logs("info", written)
    try:
        structlog.get_logger("gateway").info("request failed", error=text)
    finally:
        root.handlers, root.level = handlers, level
        structlog.reset_defaults()
    (line,) = written.getvalue().split("\n")[:-1]
    assert set(json.loads(line)) == {"event", "error", "level", "logger", "timestamp"}
    assert json.loads(line)["error"] == text
    assert all(letter >= " " for letter in line), "no control character reaches the terminal or the collector"


def test_library_logs_go_through_the_same_processors(stream: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").info("Started %s", "server", extra={"color_message": "in colour"})
    logging.getLogger("engines.triton_server").warning("triton died", extra={"restarts": 2})
    first, second = lines(stream)
    assert first["event"] == "Started server"
    assert "color_message" not in first
    assert second["restarts"] == 2


def fail() -> None:
    raise FileNotFoundError("/scans/Ivanov^Ivan.dcm")


def fail_twice() -> None:
    try:
        fail()
    except FileNotFoundError as cause:
        raise ValueError("PatientID 4711") from cause


def test_an_exception_is_logged_by_class_and_frames_without_its_message(stream: io.StringIO) -> None:
    try:
        fail_twice()
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
    text = stream.getvalue()
    assert "ValueError" in text
    assert "FileNotFoundError" in text
    assert "test_logs.py" in text
    assert "Ivanov" not in text
    assert "4711" not in text


@pytest.mark.parametrize("name", ["pydicom", "nibabel", "uvicorn.access", "python_multipart"])
def test_loggers_that_may_quote_patient_data_are_disabled(stream: io.StringIO, name: str) -> None:
    logging.getLogger(name).info("value 'Ivanov^Ivan' is invalid")
    if name in ("pydicom", "nibabel"):
        logging.getLogger(name).error("value 'Ivanov^Ivan' is invalid")
    assert stream.getvalue() == ""

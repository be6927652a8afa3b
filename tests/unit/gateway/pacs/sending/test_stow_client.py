"""STOW-RS against a scripted service over real HTTP: each answer is read as the standard means it."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gateway.pacs.sending.faults import DestinationDown, FaultCode, Interrupted
from gateway.pacs.sending.result_object import ResultObject
from gateway.pacs.sending.store_status import Answer
from gateway.pacs.sending.stow_client import StowClient

ONE = ResultObject("sr", "1.2", "2.25.7", b"the bytes of a file\r\n--")
STORED = json.dumps({"00081199": {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": ["2.25.7"]}}]}}).encode()


def failed(reason: int) -> bytes:
    return json.dumps({"00081198": {"vr": "SQ", "Value": [{"00081197": {"vr": "US", "Value": [reason]}}]}}).encode()


@dataclass
class Script:
    """What the service answers, and what it was sent."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    received: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def service(script: Script) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            script.received.append((self.path, dict(self.headers), self.rfile.read(length)))
            if script.drop:
                self.connection.close()
                return
            self.send_response(script.status)
            for name, value in script.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(script.body)))
            self.end_headers()
            self.wfile.write(script.body)

        do_GET = do_POST  # noqa: N815 - http.server's name

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/dicom-web"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def client(url: str, authorization: str | None = None) -> StowClient:
    return StowClient(url, authorization, ssl.create_default_context(), 20.0, 20.0)


async def test_the_object_is_one_part() -> None:
    script = Script(200, STORED)
    with service(script) as url:
        sending = await client(url, "Bearer x").store([ONE])
    assert sending.stored == 1
    ((path, headers, body),) = script.received
    assert path == "/dicom-web/studies"
    assert headers["Authorization"] == "Bearer x"
    boundary = headers["Content-Type"].partition("boundary=")[2]
    assert 'type="application/dicom"' in headers["Content-Type"]
    assert body == b"--%b\r\nContent-Type: application/dicom\r\n\r\n%b\r\n--%b--\r\n" % (
        boundary.encode(),
        ONE.content,
        boundary.encode(),
    )


@pytest.mark.parametrize(
    ("status", "body", "answer", "code"),
    [
        (200, STORED, Answer.STORED, None),
        (200, b"", Answer.STORED, None),
        (200, b"<NativeDicomModel>%b</NativeDicomModel>" % ONE.sop_instance_uid.encode(), Answer.STORED, None),
        (200, b"<html>Please sign in</html>", Answer.LATER, FaultCode.ARCHIVE_ERROR),
        (200, b"\xff" * 9, Answer.LATER, FaultCode.ARCHIVE_ERROR),
        (200, failed(0xA700), Answer.LATER, FaultCode.OUT_OF_RESOURCES),
        (202, STORED, Answer.STORED, None),
        (202, b"", Answer.LATER, FaultCode.ARCHIVE_ERROR),
        (202, failed(0xC000), Answer.REFUSED, FaultCode.REFUSED),
        (409, failed(0x0122), Answer.REFUSED, FaultCode.NO_PRESENTATION_CONTEXT),
        (409, failed(0x0111), Answer.STORED, None),
        (409, failed(0xA701), Answer.LATER, FaultCode.OUT_OF_RESOURCES),
        (409, b"<xml/>", Answer.LATER, FaultCode.ARCHIVE_ERROR),
        (413, b"", Answer.REFUSED, FaultCode.TOO_LARGE),
        (415, b"", Answer.REFUSED, FaultCode.REFUSED),
        (500, STORED, Answer.LATER, FaultCode.ARCHIVE_ERROR),
        (204, b"", Answer.LATER, FaultCode.ARCHIVE_ERROR),
    ],
)
async def test_answers_about_the_object(status: int, body: bytes, answer: Answer, code: FaultCode | None) -> None:
    with service(Script(status, b"" if status == 204 else body)) as url:
        (sent,) = (await client(url).store([ONE])).answers
    assert (sent.answer, sent.fault and sent.fault.code) == (answer, code)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, FaultCode.LOGIN_REFUSED),
        (403, FaultCode.LOGIN_REFUSED),
        (404, FaultCode.NO_DICOMWEB),
        (405, FaultCode.NO_DICOMWEB),
        (302, FaultCode.NO_DICOMWEB),
        (429, FaultCode.BUSY),
        (503, FaultCode.BUSY),
    ],
)
async def test_answers_about_the_service(status: int, code: FaultCode) -> None:
    script = Script(status, headers={"Location": "http://169.254.169.254/"} if status == 302 else {})
    with service(script) as url, pytest.raises(DestinationDown) as raised:
        await client(url).store([ONE])
    assert raised.value.reason.code == code
    assert len(script.received) == 1, "no redirect is followed"


async def test_a_service_with_stow_alone_passes_the_probe_and_not_the_test() -> None:
    with service(Script(404)) as url:
        await client(url).probe()
        with pytest.raises(DestinationDown):
            await client(url).check()


async def test_a_connection_that_is_lost_is_tried_again() -> None:
    with service(Script(drop=True)) as url, pytest.raises(Interrupted) as raised:
        await client(url).store([ONE])
    assert raised.value.reason.code == FaultCode.ABORTED


async def test_nothing_listens_and_a_refused_address() -> None:
    for url, code in (
        ("http://127.0.0.1:9", FaultCode.UNREACHABLE),
        ("http://no-such-host.invalid", FaultCode.UNREACHABLE),
        ("http://169.254.169.254", FaultCode.ADDRESS_REFUSED),
    ):
        with pytest.raises(DestinationDown) as raised:
            await client(url).store([ONE])
        assert raised.value.reason.code == code


async def test_no_tls_on_the_port() -> None:
    with service(Script()) as url, pytest.raises(DestinationDown) as raised:
        await client(url.replace("http:", "https:")).store([ONE])
    assert raised.value.reason.code == FaultCode.TLS_FAILED

"""Archives that misbehave: a scripted SCP of pynetdicom, and a scripted DICOMweb server."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from pydicom import Dataset, dcmread
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from pynetdicom import AE, AllStoragePresentationContexts, QueryRetrievePresentationContexts, evt
from pynetdicom.events import Event

AE_TITLE = "BAD"
PATIENCE_S = 30.0  # a busy machine is silent for seconds, too
Answers = Iterator[tuple[int, Dataset | None]]


@dataclass(frozen=True)
class MadeStudy:
    """One study of the scripted archive: its files, and what the archive says of it."""

    files: Sequence[Path]
    told: int | None = None  # instances; by default as many as there are

    @property
    def datasets(self) -> list[Dataset]:
        return [dcmread(file) for file in self.files]

    def answer(self, request: Dataset) -> Dataset:
        """The identifier that answers a C-FIND for this study or its series."""
        first, told = self.datasets[0], self.told if self.told is not None else len(self.files)
        answer = Dataset()
        answer.QueryRetrieveLevel = request.QueryRetrieveLevel
        answer.StudyInstanceUID = first.StudyInstanceUID
        if request.QueryRetrieveLevel == "STUDY":
            answer.ModalitiesInStudy, answer.PatientID = "CT", first.PatientID
            answer.NumberOfStudyRelatedInstances = told
        else:
            answer.SeriesInstanceUID, answer.Modality = first.SeriesInstanceUID, "CT"
            answer.NumberOfSeriesRelatedInstances = told
        return answer


@dataclass
class ScriptedArchive:
    """Finds and sends one study as the standard wants it; a test replaces `find`, `get` or `move`."""

    study: MadeStudy
    port: int = 0
    find: Callable[[Event], Answers] | None = None
    get: Callable[[Event], Iterator[Any]] | None = None
    move: Callable[[Event], Iterator[Any]] | None = None
    released: threading.Event = field(default_factory=threading.Event)  # set when the test is over

    def on_find(self, event: Event) -> Answers:
        if self.find is not None:
            yield from self.find(event)
            return
        yield 0xFF00, self.study.answer(event.identifier)

    def on_get(self, event: Event) -> Iterator[Any]:
        yield from (self.get or self.send_all)(event)

    def on_move(self, event: Event) -> Iterator[Any]:
        yield "127.0.0.1", self.port
        yield from (self.move or self.send_all)(event)

    def send_all(self, _: Event) -> Iterator[Any]:
        yield len(self.study.files)
        for dataset in self.study.datasets:
            yield 0xFF00, dataset


@contextmanager
def running_archive(archive: ScriptedArchive, ae_title: str = AE_TITLE, **options: Any) -> Iterator[int]:
    """Serve; gives the port. `options` are further attributes of the AE."""
    entity = AE(ae_title)
    entity.require_called_aet = True
    for name, value in options.items():
        setattr(entity, name, value)
    for context in QueryRetrievePresentationContexts:
        entity.add_supported_context(str(context.abstract_syntax))
    for context in AllStoragePresentationContexts:
        entity.add_supported_context(str(context.abstract_syntax), ExplicitVRLittleEndian, scu_role=True, scp_role=True)
    entity.add_supported_context("1.2.840.10008.1.1")
    entity.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)  # for the sub-operations of a C-MOVE
    handlers: list[Any] = [
        (evt.EVT_C_FIND, archive.on_find),
        (evt.EVT_C_GET, archive.on_get),
        (evt.EVT_C_MOVE, archive.on_move),
    ]
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    assert server is not None
    try:
        yield int(server.server_address[1])
    finally:
        archive.released.set()
        server.shutdown()


@contextmanager
def running_web_archive(answer: Callable[[str], tuple[int, dict[str, str], bytes]]) -> Iterator[str]:
    """A DICOMweb server: `answer` gives status, headers and body for a path with its query; gives the base URL.

    A Content-Length among the headers is sent as it is: a longer one than the body is an answer that is cut off.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answer(self.path)
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

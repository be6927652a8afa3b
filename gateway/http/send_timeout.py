"""Send timeout: an answer that nobody takes is ended, whatever it is and whichever call made it.

A client that asks and does not read holds its connection and the answer's memory for as long as it likes. This watches
the connection itself, below the application, so no answer can be forgotten: a stream, one large body, or many small
ones in a pipeline. Bytes that have left for the kernel's buffer count as taken.
"""

import asyncio
from typing import Any, Final

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

log = structlog.get_logger(__name__)

LEAST_BYTES: Final = 16 * 1024  # of each `send_timeout_s`: the slowest line that is still served, 0.5 KiB/s at 30 s


class SendTimeoutProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which aborts the connection when `LEAST_BYTES` of an answer are not taken in the timeout.

    Closing would not do: a transport that is closed waits until its buffer is empty. The application sees the client
    disconnect, and what the call holds is released.
    """

    def __init__(self, *args: Any, send_timeout_s: float, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._send_timeout_s = send_timeout_s
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)  # `pause_writing` tells of every byte that waits, not of 64 KiB

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_from(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        self._stop_watching()
        super().resume_writing()

    def _watch_from(self, waiting: int) -> None:
        self._watch = self.loop.call_later(self._send_timeout_s, self._check, waiting)

    def _check(self, before: int) -> None:
        waiting = self.transport.get_write_buffer_size()
        if before - waiting >= LEAST_BYTES:
            self._watch_from(waiting)
        else:
            log.info("answer not taken", waiting_bytes=waiting, seconds=self._send_timeout_s)
            self.transport.abort()

    def _stop_watching(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

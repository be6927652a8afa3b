"""A TCP proxy on loopback that can stall: connections stay open and nothing gets through, as when a cable is pulled."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

BLOCK: Final = 1 << 16


class StallingProxy:
    """Forwards connections to `target`, "host:port"; runs in a thread of its own."""

    def __init__(self, target: str) -> None:
        self._host, _, port = target.rpartition(":")
        self._port = int(port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._loop = asyncio.new_event_loop()
        self._open = asyncio.Event()
        self._open.set()
        self._over = asyncio.Event()

    @property
    def url(self) -> str:
        """Where it listens, "host:port"."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    @contextmanager
    def running(self) -> Iterator["StallingProxy"]:
        """Forward for the block."""
        thread = threading.Thread(target=self._loop.run_until_complete, args=[self._serve()], name="proxy")
        thread.start()
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._over.set)
            thread.join()
            self._loop.close()

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Let nothing through for the block."""
        self._loop.call_soon_threadsafe(self._open.clear)
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(self._open.set)

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._forward, sock=self._listener)
        await self._over.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await asyncio.open_connection(self._host, self._port)
        except OSError:  # Triton is down: as without a proxy, the connection is refused
            writer.close()
            return
        await asyncio.gather(self._pump(reader, there[1]), self._pump(there[0], writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while block := await reader.read(BLOCK):
                await self._open.wait()
                writer.write(block)
                await writer.drain()
        writer.close()

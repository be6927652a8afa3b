"""Cancels the work of a request when its client disconnects."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

T = TypeVar("T")


async def cancel_on_disconnect(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Await `work`. When the client disconnects first, cancel it, await its cleanup, and raise ClientDisconnect.

    The body of the request must have been read to its end, so that the next message is the disconnection.
    """
    task = asyncio.create_task(work)
    disconnection = asyncio.create_task(_until_disconnected(request))
    try:
        await asyncio.wait({task, disconnection}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        for pending in (task, disconnection):
            pending.cancel()
        await asyncio.gather(task, disconnection, return_exceptions=True)


async def _until_disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass

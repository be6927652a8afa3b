"""Waits for the signal that stops a command."""

import asyncio
import signal


async def stop_signal_received() -> None:
    """Return at the first Ctrl-C or SIGTERM."""
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()

"""A process that owns a Triton and waits to be killed: `python -m tests.integration.engines.owner REPOSITORY`.

It prints the server's pid, and keeps a child of its own that outlives it, as a gateway's decoding workers may.
"""

import asyncio
import multiprocessing
import sys
import time
from pathlib import Path

from engines.triton_server import TritonServer


async def main(repository: Path) -> None:
    """Start the server, print its pid, wait."""
    async with TritonServer(repository) as server:
        multiprocessing.get_context("fork").Process(target=time.sleep, args=(5,)).start()
        sys.stdout.write(f"{server.pid}\n")
        sys.stdout.flush()
        await asyncio.sleep(600)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))

"""A process that owns a PostgreSQL and waits to be killed: `python -m tests.integration.engines.postgres_owner FOLDER`.

It prints the server's pid and URL.
"""

import asyncio
import sys
from pathlib import Path

from engines.postgres_server import PostgresServer


async def main(folder: Path) -> None:
    """Start the server, print its pid, wait."""
    async with PostgresServer(folder, home=folder) as server:
        sys.stdout.write(f"{server.pid} {server.url}\n")
        sys.stdout.flush()
        await asyncio.sleep(600)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))

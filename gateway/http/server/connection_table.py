"""The open connections: how many there are of each address, and which of them wait for a request.

A connection waits from its start, or from the end of its last answer, to the end of the next request head. When the
limit of all connections or of one address is reached, the connection that has waited longest is closed: so a thousand
idle connections keep nobody out. Connections with a request in progress are never closed; when there are no others,
the new one is refused.
"""

from collections import Counter, defaultdict
from typing import Protocol


class Connection(Protocol):
    """What the table needs of a connection."""

    def close_waiting(self) -> None:
        """Close the connection, which waits for a request."""


class ConnectionTable:
    """Counts connections. The limit of one address does not hold for those that are added as `shared`, proxies."""

    def __init__(self, most: int, most_per_address: int) -> None:
        self._most = most
        self._most_per_address = most_per_address
        self._addresses: dict[Connection, str] = {}
        self._count: Counter[str] = Counter()
        self._waiting: defaultdict[str, dict[Connection, None]] = defaultdict(dict)  # the longest waiting one first

    def __len__(self) -> int:
        return len(self._addresses)

    def add(self, connection: Connection, address: str, *, shared: bool = False) -> bool:
        """Count a new connection, which waits for its first request; False when none may be opened."""
        of_address_full = not shared and self._count[address] >= self._most_per_address
        if of_address_full and not self._close_longest_waiting(address):
            return False
        if len(self) >= self._most and not self._close_longest_waiting(self._address_with_most_waiting()):
            return False
        self._addresses[connection] = address
        self._count[address] += 1
        self.wait(connection)
        return True

    def wait(self, connection: Connection) -> None:
        """The connection waits for a request from now on."""
        if connection in self._addresses:
            self._waiting[self._addresses[connection]][connection] = None

    def serve(self, connection: Connection) -> None:
        """The connection has a request."""
        if connection in self._addresses:
            self._waiting[self._addresses[connection]].pop(connection, None)

    def remove(self, connection: Connection) -> None:
        """The connection is closed; it may have been removed before."""
        address = self._addresses.pop(connection, None)
        if address is None:
            return
        self._count[address] -= 1
        self._waiting[address].pop(connection, None)
        if not self._count[address]:
            del self._count[address]
            self._waiting.pop(address, None)

    def _address_with_most_waiting(self) -> str:
        return max(self._waiting, key=lambda address: len(self._waiting[address]), default="")

    def _close_longest_waiting(self, address: str) -> bool:
        connection = next(iter(self._waiting.get(address, ())), None)
        if connection is None:
            return False
        self.remove(connection)
        connection.close_waiting()
        return True

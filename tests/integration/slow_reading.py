"""A client that reads slowly: each piece of an answer lies for a part of the send timeout, all of them for longer."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import httpx

PAUSES = 8
SHARE_OF_TIMEOUT = 0.25
TRIES = 20


def read_slowly(begin: Callable[[], AbstractContextManager[Iterator[bytes]]], timeout_s: float) -> bytes:
    """The whole answer that `begin` asks for, read with pauses.

    On a busy machine a reader may be stopped for as long as the send timeout itself, and then its answer is rightly
    ended. Such a try proves nothing, and is made again; an answer that ends though every piece was taken in half of the
    timeout is a fault, and its error is raised.
    """
    for tries_left in reversed(range(TRIES)):
        read, longest_s, before_s = b"", 0.0, time.monotonic()
        try:
            with begin() as pieces:
                for number, piece in enumerate(pieces):
                    longest_s = max(longest_s, time.monotonic() - before_s)
                    before_s = time.monotonic()
                    read += piece
                    if number < PAUSES:
                        time.sleep(SHARE_OF_TIMEOUT * timeout_s)
        except (httpx.RemoteProtocolError, httpx.ReadError, ConnectionError):
            longest_s = max(longest_s, time.monotonic() - before_s)
            if not tries_left or longest_s < timeout_s / 2:
                raise
        else:
            return read
    raise AssertionError

"""A socket of an association that holds no more than one PDU, and waits no longer than it may for it.

pynetdicom 3.0.4 reads a PDU of any declared length (4 GiB) into memory, waits for its rest without a deadline, and uses
select(), which takes no descriptor above 1023.
"""

import select
import socket
import ssl
from time import monotonic
from typing import Final

from pynetdicom.association import Association
from pynetdicom.transport import AssociationSocket

ASSOCIATE_BYTES: Final = 2**18  # an A-ASSOCIATE-RQ of 128 contexts with 20 transfer syntaxes each has 80 KB
_READABLE: Final = select.POLLIN | select.POLLHUP | select.POLLERR


class BoundedSocket(AssociationSocket):
    """Reads PDUs of at most `pdu_bytes`, each within `pdu_s` seconds."""

    def __init__(self, association: Association, client: socket.socket, pdu_bytes: int, pdu_s: float) -> None:
        super().__init__(association, client_socket=client)
        self._most_bytes = max(pdu_bytes, ASSOCIATE_BYTES)
        self._pdu_s = pdu_s

    @property
    def ready(self) -> bool:
        """Whether bytes of a PDU are there."""
        if self.socket is None or not self._is_connected:
            return False
        if isinstance(self.socket, ssl.SSLSocket) and self.socket.pending():
            return True
        poll = select.poll()
        try:
            poll.register(self.socket, _READABLE)
            return bool(poll.poll(0))
        except (OSError, ValueError):
            self.event_queue.put("Evt17")  # the connection is closed
            return False

    def recv(self, nr_bytes: int) -> bytearray:
        """So many bytes, or fewer when the connection ends; raises OSError when they are too many or too late."""
        if self.socket is None or nr_bytes > self._most_bytes:
            raise OSError("a PDU is longer than was negotiated")
        data, end_s = bytearray(nr_bytes), monotonic() + self._pdu_s
        view, received = memoryview(data), 0
        while received < nr_bytes:
            left_s = end_s - monotonic()
            if left_s <= 0:
                raise TimeoutError("a PDU did not arrive in time")
            self.socket.settimeout(left_s)
            count = self.socket.recv_into(view[received:])
            if not count:
                break
            received += count
        view.release()
        del data[received:]
        return data

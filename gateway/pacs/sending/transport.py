"""The connection to a destination: DIMSE in a thread, or STOW-RS, behind the same three calls."""

import asyncio
import base64
import ssl
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Final, Protocol, TypeVar

from pydantic import SecretStr
from pynetdicom.association import Association

from gateway.database.tables import DestinationRow
from gateway.database.tables.destinations import DestinationKind
from gateway.pacs.dimse.association import Peer, end
from gateway.pacs.dimse.requestor_tls import requesting_context
from gateway.pacs.sending import store_scu
from gateway.pacs.sending.faults import DestinationDown, FaultCode, fault
from gateway.pacs.sending.result_object import ResultObject, Sending
from gateway.pacs.sending.stow_client import StowClient

T = TypeVar("T")

BEARER: Final = "Bearer "
THREADS: Final = 64  # an archive that never answers holds those of its own deliveries alone


class Transport(Protocol):
    """A destination to send to."""

    async def check(self) -> None:
        """Test the connection; raises DestinationDown and Interrupted."""

    async def probe(self) -> None:
        """See whether anything answers, before a result is written for it; raises as `check`."""

    async def send(self, objects: Sequence[ResultObject], transaction_uid: str | None) -> Sending:
        """Send the objects; with a transaction UID, ask for storage commitment.

        Raises DestinationDown and Interrupted. Cancelling it ends the association.
        """


@dataclass(frozen=True)
class Transports:
    """Makes transports. `credentials` are secrets by name: `user:password`, or `Bearer token`. Times in seconds."""

    calling_ae: str
    connect_s: float
    answer_s: float
    credentials: Mapping[str, SecretStr] = field(default_factory=dict, repr=False)
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def to(self, row: DestinationRow) -> Transport:
        """The transport to a destination; raises DestinationDown when its secret or our certificate is missing."""
        if row.kind == DestinationKind.STOW:
            return _Stow(
                StowClient(row.url or "", self._authorization(row), self._tls(), self.connect_s, self.answer_s)
            )
        tls = self._tls() if row.tls else None
        address = (row.host or "", row.port or 0, row.called_ae or "")
        return _Dimse(Peer(*address, self.calling_ae, self.connect_s, self.answer_s, tls), self._threads)

    def has_credential(self, name: str) -> bool:
        """Whether there is a secret of this name."""
        return name in self.credentials

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(THREADS, "store scu")

    def _tls(self) -> ssl.SSLContext:
        try:
            return requesting_context(self.ca, self.certificate, self.key)
        except OSError:
            raise DestinationDown(fault(FaultCode.TLS_FAILED, "our own certificate or authorities")) from None

    def _authorization(self, row: DestinationRow) -> str | None:
        if row.credential is None:
            return None
        if not self.has_credential(row.credential):
            raise DestinationDown(fault(FaultCode.NO_CREDENTIAL))
        secret = self.credentials[row.credential].get_secret_value()
        return secret if secret.startswith(BEARER) else f"Basic {base64.b64encode(secret.encode()).decode()}"


@dataclass(frozen=True)
class _Stow:
    client: StowClient

    async def check(self) -> None:
        await self.client.check()

    async def probe(self) -> None:
        await self.client.probe()

    async def send(self, objects: Sequence[ResultObject], transaction_uid: str | None) -> Sending:  # noqa: ARG002
        return await self.client.store(objects)


@dataclass(frozen=True)
class _Dimse:
    peer: Peer
    threads: ThreadPoolExecutor

    async def check(self) -> None:
        await self._run(partial(store_scu.echo, self.peer))

    async def probe(self) -> None:
        await self.check()

    async def send(self, objects: Sequence[ResultObject], transaction_uid: str | None) -> Sending:
        return await self._run(partial(store_scu.store, self.peer, objects, transaction_uid))

    async def _run(self, work: Callable[[Callable[[Association], None]], T]) -> T:
        """Run in a thread; when this task is cancelled the association is aborted, and the thread ends."""
        opened: list[Association] = []
        try:
            return await asyncio.get_running_loop().run_in_executor(self.threads, work, opened.append)
        except asyncio.CancelledError:
            for association in opened:
                self.threads.submit(end, association)
            raise

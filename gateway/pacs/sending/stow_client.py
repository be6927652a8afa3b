"""STOW-RS out (PS3.18 10.5), one object a request: each has an answer of its own, and a limit hits no other."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Final
from uuid import uuid4

import httpx

from gateway.pacs.peer_address import AddressRefused, AddressUnknown, checked_address
from gateway.pacs.sending.dicomweb_address import at_address, host_of, port_of
from gateway.pacs.sending.faults import DestinationDown, FaultCode, Interrupted, fault
from gateway.pacs.sending.result_object import ResultObject, Sending, Sent
from gateway.pacs.sending.store_status import Answer
from gateway.pacs.sending.stow_answer import failure_reason, lists_stored, may_be_of_service

ANSWER_BYTES: Final = 2**20  # an answer about one object has some hundred
DICOM_JSON: Final = "application/dicom+json"
BYTES_PER_S: Final = 2**17  # a slower line than 1 Mbit/s needs a longer `answer_s`
REDIRECTS: Final = range(300, 400)  # not followed: they could lead anywhere
# The service as a whole takes nothing now; every other status is about the object.
DOWN: Final[Mapping[int, FaultCode]] = MappingProxyType(
    {
        HTTPStatus.UNAUTHORIZED: FaultCode.LOGIN_REFUSED,
        HTTPStatus.FORBIDDEN: FaultCode.LOGIN_REFUSED,
        HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: FaultCode.LOGIN_REFUSED,
        HTTPStatus.NOT_FOUND: FaultCode.NO_DICOMWEB,
        HTTPStatus.METHOD_NOT_ALLOWED: FaultCode.NO_DICOMWEB,
        HTTPStatus.GONE: FaultCode.NO_DICOMWEB,
        HTTPStatus.NOT_IMPLEMENTED: FaultCode.NO_DICOMWEB,
        HTTPStatus.TOO_MANY_REQUESTS: FaultCode.BUSY,
        HTTPStatus.SERVICE_UNAVAILABLE: FaultCode.BUSY,
    }
)
REFUSED: Final[Mapping[int, FaultCode]] = MappingProxyType(
    {
        HTTPStatus.BAD_REQUEST: FaultCode.REFUSED,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: FaultCode.TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE: FaultCode.REFUSED,
        HTTPStatus.UNPROCESSABLE_ENTITY: FaultCode.REFUSED,
    }
)


@dataclass(frozen=True)
class StowClient:
    """One DICOMweb service; `authorization` is the value of the header. Times in seconds, as in `Peer`."""

    url: str
    authorization: str | None = field(repr=False)
    tls: ssl.SSLContext = field(repr=False)
    connect_s: float
    answer_s: float

    async def check(self) -> None:
        """QIDO-RS for one study; raises DestinationDown and Interrupted."""
        status = await self._query()
        if status not in (HTTPStatus.OK, HTTPStatus.NO_CONTENT):
            raise DestinationDown(fault(DOWN.get(status, FaultCode.ARCHIVE_ERROR), f"HTTP {status}"))

    async def probe(self) -> None:
        """The same, for a service that may have STOW-RS alone: any answer will do that is not about the service."""
        status = await self._query()
        if status in DOWN and DOWN[status] is not FaultCode.NO_DICOMWEB:
            raise DestinationDown(fault(DOWN[status], f"HTTP {status}"))

    async def _query(self) -> int:
        async with self._connection() as connection:
            status, _ = await connection.answer("GET", "/studies?limit=1", {"Accept": DICOM_JSON})
        return status

    async def store(self, objects: Sequence[ResultObject]) -> Sending:
        """Send the objects in their order; raises DestinationDown and Interrupted."""
        async with self._connection() as connection:
            return Sending([await _store(connection, one) for one in objects])

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator["_Connection"]:
        """A client of the address that the host has now and that was checked; it follows no redirect and no proxy."""
        host = host_of(self.url)
        try:
            address = await asyncio.to_thread(checked_address, host, port_of(self.url))
        except AddressUnknown:
            raise DestinationDown(fault(FaultCode.UNREACHABLE)) from None
        except AddressRefused:
            raise DestinationDown(fault(FaultCode.ADDRESS_REFUSED)) from None
        base, named = at_address(self.url, address)
        headers = {"Host": named} | ({} if self.authorization is None else {"Authorization": self.authorization})
        timeout = httpx.Timeout(self.answer_s, connect=self.connect_s)
        async with httpx.AsyncClient(headers=headers, timeout=timeout, verify=self.tls, trust_env=False) as client:
            yield _Connection(client, base, host, self.answer_s)


@dataclass(frozen=True)
class _Connection:
    client: httpx.AsyncClient
    base: str
    host: str
    answer_s: float

    async def answer(
        self, method: str, path: str, headers: Mapping[str, str], content: bytes | None = None
    ) -> tuple[int, bytes]:
        """Status and body, of which no more than ANSWER_BYTES are read; raises DestinationDown and Interrupted."""
        try:
            async with (
                asyncio.timeout(self.answer_s + len(content or b"") / BYTES_PER_S),
                self.client.stream(
                    method,
                    self.base + path,
                    headers=dict(headers),
                    content=content,
                    extensions={"sni_hostname": self.host},  # the certificate is of the name, not of the address
                ) as response,
            ):
                body = b""
                async for piece in response.aiter_bytes():
                    body += piece
                    if len(body) > ANSWER_BYTES:
                        break
                return response.status_code, body
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            code = FaultCode.TLS_FAILED if isinstance(_root(error), ssl.SSLError) else FaultCode.UNREACHABLE
            raise DestinationDown(fault(code)) from None
        except (httpx.TimeoutException, TimeoutError):
            raise Interrupted(fault(FaultCode.NO_ANSWER)) from None
        except httpx.HTTPError:
            raise Interrupted(fault(FaultCode.ABORTED)) from None


async def _store(connection: _Connection, one: ResultObject) -> Sent:
    boundary = uuid4().hex
    headers = {
        "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
        "Accept": DICOM_JSON,
    }
    head = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    body = b"".join((head, one.content, f"\r\n--{boundary}--\r\n".encode()))
    status, answer = await connection.answer("POST", "/studies", headers, body)
    if status in DOWN or status in REDIRECTS:
        raise DestinationDown(fault(DOWN.get(status, FaultCode.NO_DICOMWEB), f"HTTP {status}"))
    return _meaning(one, status, answer)


def _meaning(one: ResultObject, status: int, answer: bytes) -> Sent:
    """What the answer says of the one object that was sent (PS3.18 table 10.5.3-1)."""
    if status in REFUSED:
        return Sent.refused(one, REFUSED[status])
    reason = failure_reason(answer)
    if reason is not None:
        return Sent.by_status(one, reason)
    uid = one.sop_instance_uid
    # 200 with a page of a proxy or of a login comes from no archive. 202 without a reason is a warning if the answer
    # lists the object as stored; else it says nothing
    if (status == HTTPStatus.OK and may_be_of_service(answer, uid)) or (
        status == HTTPStatus.ACCEPTED and lists_stored(answer, uid)
    ):
        return Sent(one, Answer.STORED)
    return Sent(one, Answer.LATER, fault(FaultCode.ARCHIVE_ERROR, f"{one.kind}, HTTP {status}"))


def _root(error: BaseException) -> BaseException:
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error

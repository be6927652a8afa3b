"""The HTTP client of a remote gateway, for mass runs over many connections.

aiohttp, not httpx: it sends `Expect: 100-continue`, so that the gateway can refuse an upload before its first byte is
sent, and it reads a response that arrives while it still sends.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Self

import aiohttp
from pydantic import SecretStr

from gateway.mass_runs.refused_uploads import RefusedUpload
from gateway.mass_runs.remote.answers import Outcome, Unavailable, UnusableGateway, interpret
from gateway.mass_runs.upload_stream import upload_chunks
from screening.errors import EngineUnavailable, StudyError

SCOPE: Final = "inference.predict"
TIMEOUTS: Final = aiohttp.ClientTimeout(total=3600, sock_connect=10, sock_read=600)  # a study takes up to 120 s
BODY_HEADERS: Final = {"Content-Type": "application/octet-stream"}
ALL_REPORTS: Final = {"detail": "full", "all": "true"}


class RemoteGateway:
    """One gateway; created by `connect`."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url.rstrip("/")

    @classmethod
    @asynccontextmanager
    async def connect(cls, url: str, token: SecretStr | None, connections: int) -> AsyncIterator[Self]:
        """A client of the gateway at `url`, with the token if there is one."""
        headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
        connector = aiohttp.TCPConnector(limit=connections)
        async with aiohttp.ClientSession(connector=connector, headers=headers, timeout=TIMEOUTS) as session:
            yield cls(session, url)

    async def card(self) -> Mapping[str, Any]:
        """The active model card; raises UnusableGateway when the token does not allow screening."""
        me = await self._get_json("/api/me")
        if SCOPE not in me.get("scopes", ()):
            raise UnusableGateway(f"the token for the gateway does not include {SCOPE}")
        return await self._get_json("/api/model-card")

    async def screen(self, item: Path) -> Outcome:
        """Send the upload; raises UnusableGateway, and StudyError when the upload cannot be read."""
        upload = _UploadBody(await upload_chunks(item))
        try:
            async with self._session.post(
                f"{self._url}/inference/predict",
                params=ALL_REPORTS,
                data=upload.chunks(),
                headers=BODY_HEADERS,
                expect100=True,
                allow_redirects=False,
            ) as response:
                return interpret(response.status, response.headers, _json(await response.read()))
        except (aiohttp.ClientError, TimeoutError) as error:
            if upload.failure is not None:
                raise upload.failure from None
            detail = f"the gateway did not answer: {type(error).__name__}"
            return Unavailable(RefusedUpload(EngineUnavailable.code, detail))

    async def _get_json(self, path: str) -> Mapping[str, Any]:
        try:
            async with self._session.get(f"{self._url}{path}", allow_redirects=False) as response:
                body = _json(await response.read())
                if response.status == 200 and isinstance(body, Mapping):
                    return body
                outcome = interpret(response.status, response.headers, None if response.status == 200 else body)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise UnusableGateway(f"the gateway cannot be reached: {error}") from error
        raise UnusableGateway(f"the gateway is not ready: {outcome}")


class _UploadBody:
    """The body of an upload. It keeps the error of reading it, which aiohttp reports as a lost connection."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self.failure: StudyError | None = None

    async def chunks(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._chunks:
                yield chunk
        except StudyError as error:
            self.failure = error
            raise


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None

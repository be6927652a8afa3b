"""The calls of a gateway elsewhere that a mass run needs, over many connections.

aiohttp, not httpx: it sends `Expect: 100-continue`, so that an upload for which there is no room is refused before its
first byte is sent, and reads an answer that comes while it still sends.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Self

import aiohttp
from pydantic import SecretStr

from gateway.mass_runs.refused_uploads import Refused
from gateway.mass_runs.remote.answers import Answer, Away, WrongGateway, meaning
from gateway.mass_runs.upload_stream import bytes_of
from screening.errors import EngineUnavailable, StudyError

SCOPE: Final = "inference.predict"
TIMES: Final = aiohttp.ClientTimeout(total=3600, sock_connect=10, sock_read=600)  # 120 s a study, and a wait before it
BODY: Final = {"Content-Type": "application/octet-stream"}
ALL_REPORTS: Final = {"detail": "full", "all": "true"}


class RemoteGateway:
    """One gateway; used within `opened`."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url.rstrip("/")

    @classmethod
    @asynccontextmanager
    async def opened(cls, url: str, token: SecretStr | None, connections: int) -> AsyncIterator[Self]:
        """The gateway at `url`, asked with the token where there is one."""
        headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
        connector = aiohttp.TCPConnector(limit=connections)
        async with aiohttp.ClientSession(connector=connector, headers=headers, timeout=TIMES) as session:
            yield cls(session, url)

    async def card(self) -> Mapping[str, Any]:
        """The model card that is served; raises WrongGateway when this login may not screen there."""
        me = await self._told("/api/me")
        if SCOPE not in me.get("scopes", ()):
            raise WrongGateway(f"the login at the gateway does not include {SCOPE}")
        return await self._told("/api/model-card")

    async def screened(self, item: Path) -> Answer:
        """What the gateway answers to the upload; raises WrongGateway, and StudyError for what cannot be read here."""
        upload = _Sent(await bytes_of(item))
        try:
            async with self._session.post(
                f"{self._url}/inference/predict",
                params=ALL_REPORTS,
                data=upload.chunks(),
                headers=BODY,
                expect100=True,
                allow_redirects=False,
            ) as answer:
                return meaning(answer.status, answer.headers, _json(await answer.read()))
        except (aiohttp.ClientError, TimeoutError) as error:
            if upload.failure is not None:
                raise upload.failure from None
            return Away(Refused(EngineUnavailable.code, f"the gateway did not answer: {type(error).__name__}"))

    async def _told(self, path: str) -> Mapping[str, Any]:
        try:
            async with self._session.get(f"{self._url}{path}", allow_redirects=False) as answer:
                body = _json(await answer.read())
                if answer.status == 200 and isinstance(body, Mapping):
                    return body
                told = meaning(answer.status, answer.headers, None if answer.status == 200 else body)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise WrongGateway(f"the gateway cannot be reached: {error}") from error
        raise WrongGateway(f"the gateway is not ready: {told}")


class _Sent:
    """An upload on its way, and what went wrong with it on this side: aiohttp takes that for a lost connection."""

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

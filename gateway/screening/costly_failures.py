"""Stored files that took a worker long and could not be read: for an hour a second look has the same error at once.

The error lies beside the blob, so every gateway and worker knows it, also after a restart, and it is deleted with the
blob: derived/<sha256>/failures/<operation>. It is kept for an hour, since a busy machine or a limit may be the reason.
"""

import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Final, TypeVar

import structlog

from gateway.errors import ObjectMissing, StorageFull, StorageUnavailable
from gateway.storage.blobs import Blobs
from screening.errors import StudyError

T = TypeVar("T")

log = structlog.get_logger(__name__)

COSTLY_S: Final = 1.0  # a failure in less costs nobody anything, and looking it up would not be cheaper
KEPT_S: Final = 3600.0
AGAIN: Final = " It was not read again, since it failed so within the last hour."


@dataclass(frozen=True)
class CostlyFailures:
    """Runs operations on blobs and remembers those that failed after more than `costly_s`, for `kept_s`."""

    blobs: Blobs
    costly_s: float = COSTLY_S
    kept_s: float = KEPT_S

    async def run(self, sha256: str, operation: str, work: Callable[[], Awaitable[T]]) -> T:
        """The result of `work`; raises its StudyError, or the one that the same operation raised before.

        A transient error is not remembered, nor is one of a file that was deleted meanwhile.
        """
        key = f"{sha256}/failures/{operation}"
        known = await self._find(key)
        if known is not None:
            raise known
        begun_s = monotonic()
        try:
            return await work()
        except StudyError as error:
            if not error.transient and monotonic() - begun_s >= self.costly_s:
                await self._store(sha256, key, error)
            raise

    async def _find(self, key: str) -> StudyError | None:
        stored = await self.blobs.get_derived(key)
        if stored is None:
            return None
        try:
            failure = json.loads(stored)
            age_s = datetime.now(UTC).timestamp() - float(failure["at"])
            kind, detail = _KINDS[failure["error"]], str(failure["detail"])
        except (ValueError, LookupError, TypeError):  # of another version
            return None
        return kind(detail + AGAIN) if 0 <= age_s < self.kept_s else None

    async def _store(self, sha256: str, key: str, error: StudyError) -> None:
        failure = {"error": error.code, "detail": error.detail, "at": datetime.now(UTC).timestamp()}
        try:
            await self.blobs.size(sha256)
            await self.blobs.put_derived(key, json.dumps(failure).encode())
        except ObjectMissing:
            return
        except (StorageFull, StorageUnavailable) as fault:
            log.warning("a failure could not be stored; the file will be read again", error=fault.code)


def _kinds(kind: type[StudyError]) -> Iterator[type[StudyError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _kinds(below)


_KINDS: Final = {kind.code: kind for kind in _kinds(StudyError)}

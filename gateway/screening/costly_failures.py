"""Stored files that took a worker long and could not be read: for an hour a second look has the same error at once.

The error lies beside the blob, so every gateway and worker knows it, also after a restart, and it is deleted with the
blob: derived/<sha256>/failures/<operation>. It is kept for an hour, since a busy machine may be the reason, and holds
only for the release and the limits that it was read with.
"""

import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
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

    async def run(self, sha256: str, operation: str, limits: object, work: Callable[[], Awaitable[T]]) -> T:
        """The result of `work`; raises its StudyError, or the one that the same operation raised before.

        With other `limits`, whose repr() is compared, the file may be read now, so it is tried. A transient error is
        not remembered, nor is one of a file that was deleted meanwhile.
        """
        key = f"{sha256}/failures/{operation}"
        read_by = f"{version('turnstile')} {limits!r}"
        known = await self._find(key, read_by)
        if known is not None:
            raise known
        begun_s = monotonic()
        try:
            return await work()
        except StudyError as error:
            if not error.transient and monotonic() - begun_s >= self.costly_s:
                await self._store(sha256, key, read_by, error)
            raise

    async def _find(self, key: str, read_by: str) -> StudyError | None:
        stored = await self.blobs.get_derived(key)
        if stored is None:
            return None
        try:
            failure = json.loads(stored)
            age_s = datetime.now(UTC).timestamp() - float(failure["at"])
            kind, detail = _KINDS[failure["error"]], str(failure["detail"])
            is_valid = failure["read_by"] == read_by and 0 <= age_s < self.kept_s
        except (ValueError, LookupError, TypeError):  # of another version
            return None
        return kind(detail + AGAIN) if is_valid else None

    async def _store(self, sha256: str, key: str, read_by: str, error: StudyError) -> None:
        now_s = datetime.now(UTC).timestamp()
        failure = {"error": error.code, "detail": error.detail, "at": now_s, "read_by": read_by}
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

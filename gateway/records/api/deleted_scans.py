"""A scan that is deleted while a call reads its files: the answer is 404 `not_found`, as for an unknown scan."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from fastapi import Depends

from gateway.database.connection import Database
from gateway.errors import NotFound, ObjectMissing
from gateway.http.authorization import CurrentPrincipal
from gateway.records.scans import UNKNOWN
from gateway.records.store import scans


def not_found_if_deleted(database: Database) -> Any:
    """A dependency that turns ObjectMissing into NotFound when the scan does not exist any more.

    When the scan exists, the storage has lost its file: the error stays `object_missing`.
    """

    async def check(principal: CurrentPrincipal, scan_id: UUID) -> AsyncIterator[None]:
        try:
            yield
        except ObjectMissing:
            async with database.transaction() as session:
                if not await scans.exists(session, principal.institution, scan_id):
                    raise NotFound(UNKNOWN) from None
            raise

    return Depends(check)

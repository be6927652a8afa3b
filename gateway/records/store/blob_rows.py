"""The rows of blobs: which bytes there should be."""

from collections.abc import Collection

from sqlalchemy import ARRAY, Text, any_, exists, func, literal, select
from sqlalchemy import delete as remove
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import BlobRow, ScanRow


async def lock(session: AsyncSession, sha256: str) -> None:
    """Hold the blob until the transaction ends: who puts it in its place, or takes it away, holds it.

    A lock by hash, not of a row: bytes whose upload failed at its last step have no row, and are swept all the same.
    """
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(sha256, 0))))


async def lock_unused(session: AsyncSession, sha256: str) -> bool:
    """Hold the blob until the transaction ends; True when no scan uses it."""
    # Two statements: the second must take its snapshot after the lock is held, or it misses who held it before.
    await lock(session, sha256)
    return not await session.scalar(select(exists().where(ScanRow.sha256 == sha256)))


async def used(session: AsyncSession, sha256s: Collection[str]) -> set[str]:
    """Those of these blobs that scans use."""
    return set(
        await session.scalars(
            select(ScanRow.sha256).where(ScanRow.sha256 == any_(literal(list(sha256s), ARRAY(Text)))).distinct()
        )
    )


async def delete(session: AsyncSession, sha256: str) -> None:
    """Forget the blob."""
    await session.execute(remove(BlobRow).where(BlobRow.sha256 == sha256))

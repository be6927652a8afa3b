"""The rows of blobs: which objects the storage should hold."""

from collections.abc import Collection

from sqlalchemy import ARRAY, Text, any_, exists, func, literal, select
from sqlalchemy import delete as sql_delete
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import BlobRow, ScanRow


async def lock(session: AsyncSession, sha256: str) -> None:
    """Lock the blob until the transaction ends. Storing and deleting its object both need this lock.

    The lock is by hash, not by row: an object whose upload failed at its last step has no row, and is deleted too.
    """
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(sha256, 0))))


async def lock_if_unused(session: AsyncSession, sha256: str) -> bool:
    """Lock the blob until the transaction ends; True when no scan uses it."""
    # Two statements: the second must take its snapshot after the lock, or it misses a scan of the previous holder.
    await lock(session, sha256)
    return not await session.scalar(select(exists().where(ScanRow.sha256 == sha256)))


async def in_use(session: AsyncSession, sha256s: Collection[str]) -> set[str]:
    """Those of these blobs that scans use."""
    return set(
        await session.scalars(
            select(ScanRow.sha256).where(ScanRow.sha256 == any_(literal(list(sha256s), ARRAY(Text)))).distinct()
        )
    )


async def delete(session: AsyncSession, sha256: str) -> None:
    """Delete the row of the blob."""
    await session.execute(sql_delete(BlobRow).where(BlobRow.sha256 == sha256))

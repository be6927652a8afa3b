"""Optimistic locking: a record is changed only at the version that the client has read."""

from collections.abc import Collection, Mapping

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import PatientRow, ScanRow
from gateway.errors import PreconditionFailed


async def update_if_unchanged(
    session: AsyncSession,
    row: PatientRow | ScanRow,
    values: Mapping[str, str | None],
    expected: Collection[int] | None,
) -> None:
    """Write values and a new version to a locked row; raises PreconditionFailed at an unexpected version."""
    if expected is not None and row.version not in expected:
        raise PreconditionFailed("the record was changed since you read it; read it again")
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1
    row.updated_at = func.now()
    await session.flush()
    await session.refresh(row, ["updated_at"])

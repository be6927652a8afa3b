"""A record that is changed only as it was read."""

from collections.abc import Collection, Mapping

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import PatientRow, ScanRow
from gateway.errors import PreconditionFailed


async def changed(
    session: AsyncSession,
    row: PatientRow | ScanRow,
    values: Mapping[str, str | None],
    expected: Collection[int] | None,
) -> None:
    """Give a locked row its new values and version; raises PreconditionFailed unless it stands at an expected one."""
    if expected is not None and row.version not in expected:
        raise PreconditionFailed("the record was changed since you read it; read it again")
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1
    row.updated_at = func.now()
    await session.flush()
    await session.refresh(row, ["updated_at"])

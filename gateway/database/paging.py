"""Paging of lists."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True)
class PageRange:
    """The part of a list that a page shows."""

    limit: int
    offset: int = 0


async def count(session: AsyncSession, statement: Select[Any]) -> int:
    """The number of rows of the statement, without paging."""
    return await session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0

"""Parts of lists, and words that are looked for in them."""

from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, Text, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

T = TypeVar("T")


@dataclass(frozen=True)
class Window:
    """Which part of a list."""

    limit: int
    offset: int = 0


async def rows_of(session: AsyncSession, statement: Select[T], window: Window) -> tuple[T, ...]:
    """The rows within the window; the statement gives the order, which must leave no two rows equal."""
    return tuple(await session.scalars(statement.limit(window.limit).offset(window.offset)))


async def count(session: AsyncSession, statement: Select[Any]) -> int:
    """How many rows the statement has."""
    return await session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0


def holds(column: InstrumentedAttribute[str], words: str) -> ColumnElement[bool]:
    """Whether a column that is kept in lower case holds the words, whatever their case; % and _ mean themselves."""
    return column.contains(func.lower(words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_"), type_=Text))

"""Parts of lists, and words that are looked for in them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute


@dataclass(frozen=True)
class PageRange:
    """Which part of a list."""

    limit: int
    offset: int = 0


async def count(session: AsyncSession, statement: Select[Any]) -> int:
    """How many rows the statement has."""
    return await session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0


def contains_text(column: InstrumentedAttribute[str], words: str) -> ColumnElement[bool]:
    """Whether a column that is kept in lower case holds the words, whatever their case; % and _ mean themselves.

    The index of trigrams finds the candidates, and the words themselves decide. Fewer than three letters have no
    trigram; then every row is looked at.
    """
    literal = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    candidates = func.trigrams(column).op("@>")(func.trigrams(func.lower(words, type_=Text)))
    return and_(candidates, column.contains(func.lower(literal, type_=Text)))

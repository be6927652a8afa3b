"""The shape that every list has, and the two numbers that every list takes."""

from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel

T = TypeVar("T")

Limit = Annotated[int, Query(ge=1, le=100, description="Records in one answer.")]
Offset = Annotated[int, Query(ge=0, le=2**31 - 1, description="Records to pass over; past the end the list is empty.")]


class Page(BaseModel, Generic[T]):
    """A part of a list, and how long the whole is."""

    items: list[T]
    total: int
    limit: int
    offset: int

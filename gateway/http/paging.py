"""Paging of lists: the shape of a page, and the parameters `limit` and `offset`."""

from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel

T = TypeVar("T")

Limit = Annotated[int, Query(ge=1, le=100, description="Records in one page.")]
Offset = Annotated[int, Query(ge=0, le=2**31 - 1, description="Records to skip; past the end the list is empty.")]


class Page(BaseModel, Generic[T]):
    """A page of a list, and the total number of records."""

    items: list[T]
    total: int
    limit: int
    offset: int

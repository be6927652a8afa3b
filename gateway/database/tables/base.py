"""The base of all tables: column types, names of constraints, common columns."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, BigInteger, DateTime, MetaData, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

Id = Annotated[UUID, mapped_column(primary_key=True, default=uuid4)]
Moment = Annotated[datetime, mapped_column(server_default=func.now())]  # the start of the transaction
Counter = Annotated[int, mapped_column(default=0, server_default="0")]
Version = Annotated[int, mapped_column(default=1, server_default="1")]
Flag = Annotated[bool, mapped_column(default=False, server_default="false")]
Size = Annotated[int, mapped_column(BigInteger)]


class Base(DeclarativeBase):
    """Names constraints by a rule, so that migrations can refer to them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own name and kind
        str: Text,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB(none_as_null=True),
        dict[str, str]: JSONB(none_as_null=True),
        list[str]: ARRAY(Text),
    }


def one_of(column: str, words: Iterable[str]) -> str:
    """The SQL of a check that `column` is NULL or one of these words."""
    quoted = ", ".join(f"'{word}'" for word in words)
    return f"{column} IN ({quoted})"

"""Rows of reports as Parquet: the columns of `report_table.TABLE` with their types; an absent value is null.

arro3 is 12 MB; pyarrow's wheel is 45 MB, most of it not needed here.
"""

from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from itertools import islice
from typing import Any, Final

from arro3.core import Array, DataType, Field, RecordBatch, RecordBatchReader, Schema
from arro3.io import write_parquet

from gateway.reports.report_table import TABLE, flatten_notices

BATCH_ROWS: Final = 10_000  # in memory as Python objects at once
TYPES: Final[Mapping[str, DataType]] = {
    "probability_of_pathology": DataType.float64(),
    "pathology": DataType.int8(),
    "time_of_processing": DataType.float64(),
}
SCHEMA: Final = Schema([Field(column, TYPES.get(column, DataType.utf8()), nullable=True) for column in TABLE])


def as_parquet(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """One file, compressed with zstd; `pathology` and `probability_of_pathology` are null, never 0, if not analysed."""
    target = BytesIO()
    write_parquet(RecordBatchReader.from_batches(SCHEMA, _batches(rows)), target, compression="zstd(3)")
    return target.getvalue()


def _batches(rows: Iterable[Mapping[str, Any]]) -> Iterator[RecordBatch]:
    left = iter(rows)
    while some := [flatten_notices(row) for row in islice(left, BATCH_ROWS)]:
        columns = [Array([row[name] for row in some], SCHEMA.field(name)) for name in TABLE]
        yield RecordBatch.from_arrays(columns, schema=SCHEMA)

"""A row of a result, as JSON has it."""

from typing import Any

Row = dict[str, Any]

"""The base of every error tree: an exception with a stable code, an HTTP status and a detail.

A tree is drawn in the docstring of its module; `tests/unit/test_error_trees.py` compares the drawing with the classes.
`engines/errors.py` has a base of its own, because `engines` imports no other package of this repository.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar


class CodedError(Exception):
    """`code` and `status` belong to the class and are stable; `detail` says what happened and what to do."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    headers: Mapping[str, str] = MappingProxyType({})  # sent with the HTTP response

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail
